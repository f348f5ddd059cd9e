// Keeps a console page fresh: asks for its changing part, and puts it in only if it changed. Who has the
// keyboard on a link keeps it there; while somebody fills something in, the page waits.

const EVERY = 2000;
const SLOWEST = 30_000;
const offline = document.querySelector("[data-offline]");
let tag = "";
let failures = 0;

const busy = () => document.querySelector("[data-live] details[open]") || document.activeElement?.matches("[data-live] input, [data-live] select");

async function refresh() {
  if (document.visibilityState === "visible" && !busy()) {
    try {
      const address = new URL(location.href);
      address.searchParams.set("part", "");
      const answer = await fetch(address, { headers: tag ? { "if-none-match": tag } : {}, cache: "no-store" });
      if (answer.status === 404 || answer.status === 401) return location.assign("/console");
      if (answer.ok) {
        tag = answer.headers.get("etag") ?? "";
        const text = await answer.text();
        if (busy()) tag = "";
        else replace(text);
      } else if (answer.status !== 304) {
        throw new Error(String(answer.status));
      }
      failures = 0;
    } catch {
      failures += 1;
    }
    offline.hidden = failures === 0;
  }
  setTimeout(refresh, Math.min(EVERY * 2 ** Math.min(failures, 5), SLOWEST));
}

function replace(html) {
  const old = document.querySelector("[data-live]");
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-live]");
  if (!fresh || fresh.isEqualNode(old)) return;
  for (const row of fresh.querySelectorAll("[data-row]")) {
    const before = old.querySelector(`[data-row="${CSS.escape(row.dataset.row)}"]`);
    if (!before || before.dataset.says !== row.dataset.says) row.classList.add("changed");
  }
  const steps = old.querySelectorAll(".story li").length;
  fresh.querySelectorAll(".story li").forEach((step, index) => step.classList.toggle("changed", index >= steps && steps > 0));
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceChildren(...fresh.childNodes);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

document.addEventListener("visibilitychange", () => (failures = 0));
// A line of the table is one thing to press; the number in it is the link for the keyboard.
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-row]");
  if (row && !event.target.closest("a") && !getSelection().toString()) row.querySelector("a").click();
});
// What a list is narrowed to holds as soon as it is chosen.
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-narrow]");
  if (form && event.target.name !== "number") form.requestSubmit();
});
// One act is open at a time.
document.addEventListener("toggle", (event) => {
  if (!event.target.open || !event.target.matches("[data-fold]")) return;
  for (const other of document.querySelectorAll("[data-fold][open]")) if (other !== event.target) other.open = false;
}, true);
// Pressed twice is meant once.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("button[type=submit]");
  if (event.target.method === "post" && button) setTimeout(() => (button.disabled = true));
});
if (!("still" in document.body.dataset)) setTimeout(refresh, EVERY);
