// 贴聊天记录. The page works without this; here are the copy buttons, the tick that does not reload, and a
// word before a file that is too large goes on its way.

const page = document.querySelector(".paste");
const record = page.querySelector("[data-record]");
const said = page.querySelector("[data-said]");

page.querySelector("[data-found]")?.focus({ preventScroll: true });

for (const button of page.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

async function copy(button) {
  const words = button.closest("[data-sentence]").querySelector("[data-words]");
  const done = await put(words.textContent);
  if (!done) select(words);
  button.textContent = done ? "复制好了" : "长按复制";
  said.textContent = button.textContent;
  setTimeout(() => (button.textContent = "复制"), 2500);
}

async function put(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

for (const form of page.querySelectorAll("form[action*='/tick']")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const pasted = button.value === "1";
    const body = new URLSearchParams({ id: form.elements.id.value, pasted: pasted ? "1" : "0" });
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return form.submit();
    button.value = pasted ? "0" : "1";
    button.setAttribute("aria-pressed", String(pasted));
    form.closest("[data-sentence]").classList.toggle("pasted", pasted);
    count();
  });
}

function count() {
  const badge = page.querySelector("[data-waiting]");
  if (badge) {
    badge.textContent = page.querySelectorAll("[data-sentence]:not(.pasted)").length;
    badge.hidden = badge.textContent === "0";
  }
}

const file = record?.querySelector("[data-file]");
file?.addEventListener("change", () => {
  record.querySelector("[data-file-name]").textContent = file.files[0]?.name ?? "或者选一个文件";
  fits();
});
record?.addEventListener("submit", (event) => {
  if (!fits()) event.preventDefault();
});

function fits() {
  const size = (file.files[0]?.size ?? 0) + new Blob([record.elements.text.value]).size;
  const tooLarge = size > Number(page.dataset.cap) - 4096;
  record.querySelector("[data-too-large]").hidden = !tooLarge;
  return !tooLarge;
}

const found = page.querySelector(".found");
const confirm = found?.querySelector("[data-confirm]");
if (confirm) {
  const tell = () => {
    const picked = found.querySelectorAll("input[name='pick']:checked").length;
    confirm.textContent = picked ? `确认,立${picked}件` : "一件也没勾";
    confirm.disabled = picked === 0;
  };
  found.addEventListener("change", tell);
  found.addEventListener("submit", () => setTimeout(() => (confirm.disabled = true)));
  tell();
}
