// Draws the tables of the page 三率 once more as pictures: the figures stand in the tables, nothing else is read.

const css = getComputedStyle(document.documentElement);
const colour = (name) => css.getPropertyValue(`--${name}`).trim();
const text = { color: colour("soft"), fontFamily: css.getPropertyValue("--font"), fontSize: 13 };
const axis = { axisLabel: text, axisTick: { show: false }, axisLine: { lineStyle: { color: colour("line") } } };
const split = { lineStyle: { color: colour("line") } };
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

const options = { trend, kinds };

function trend(rows, heads) {
  const months = rows.map((row) => row.name);
  const lines = [1, 2, 3].map((at) => ({
    name: heads[at + 1], type: "line", yAxisIndex: 1, data: rows.map((row) => row.numbers[at] ?? null),
    connectNulls: false, symbolSize: 8, lineStyle: { width: 2.5 },
  }));
  return {
    color: [colour("mine"), colour("jade"), colour("blue"), colour("gold")],
    legend: { data: heads.slice(1), textStyle: text, top: 0, itemWidth: 16 },
    grid: { left: 36, right: 44, top: 52, bottom: 28 },
    xAxis: { type: "category", data: months, ...axis },
    yAxis: [
      { type: "value", minInterval: 1, axisLabel: text, splitLine: split },
      { type: "value", min: 0, max: 100, axisLabel: { ...text, formatter: "{value}%" }, splitLine: { show: false } },
    ],
    series: [{ name: heads[1], type: "bar", barMaxWidth: 38, data: rows.map((row) => row.numbers[0]), itemStyle: { borderRadius: [6, 6, 0, 0] } }, ...lines],
  };
}

function kinds(rows) {
  const shown = rows.slice(0, 12).reverse();
  return {
    color: [colour("jade")],
    grid: { left: 92, right: 40, top: 6, bottom: 6 },
    xAxis: { type: "value", show: false },
    yAxis: { type: "category", data: shown.map((row) => row.name), ...axis, axisLine: { show: false } },
    series: [{ type: "bar", barMaxWidth: 20, data: shown.map((row) => row.numbers[0]), label: { show: true, position: "right", ...text }, itemStyle: { borderRadius: [0, 6, 6, 0] } }],
  };
}

function read(table) {
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const rows = [...table.tBodies[0].rows].map((row) => ({
    name: row.cells[0].textContent,
    numbers: [...row.cells].slice(1).map((cell) => (cell.dataset.n === undefined ? undefined : Number(cell.dataset.n))),
  }));
  return [rows, heads];
}

for (const box of document.querySelectorAll("[data-chart]")) {
  const [rows, heads] = read(document.getElementById(box.dataset.chart));
  if (box.dataset.kind === "kinds") box.classList.add(`rows-${Math.min(rows.length, 12)}`);
  const chart = echarts.init(box);
  chart.setOption({ animation: !still, textStyle: { fontFamily: text.fontFamily }, ...options[box.dataset.kind](rows, heads) });
  new ResizeObserver(() => chart.resize()).observe(box);
}
