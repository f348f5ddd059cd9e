// Small helpers. Nothing here or elsewhere writes HTML from text: words go in as text alone.

const zone = document.body.dataset.zone || undefined;
const clock = new Intl.DateTimeFormat("zh-CN", { timeZone: zone, hour: "2-digit", minute: "2-digit", hour12: false });
const date = new Intl.DateTimeFormat("zh-CN", { timeZone: zone, month: "long", day: "numeric", weekday: "short" });
const words = document.getElementById("words").content;

export const clone = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/** A label from the page's own list; % stands for `value`. */
export function word(name, value = "") {
  const found = words.querySelector(`[data-word="${CSS.escape(name)}"]`);
  return (found ?? words.querySelector('[data-word="error"]')).textContent.replace("%", value);
}

export const timeOf = (at) => clock.format(new Date(at));

export function dayOf(at) {
  const day = date.format(new Date(at));
  if (day === date.format(new Date())) return word("today");
  if (day === date.format(new Date(Date.now() - 86_400_000))) return word("yesterday");
  return day;
}

/** Text with its links and its mentions of people told apart. */
export function writeText(element, text, names) {
  element.replaceChildren();
  const mention = names.length ? `|@(?:${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})` : "";
  // An address ends before the comma or full stop that belongs to the sentence.
  const pattern = new RegExp(`(https?://[\\w\\-.~:/?#[\\]@!$&'()*+,;=%]*[\\w/#=&%~-]${mention})`);
  for (const part of text.split(pattern)) {
    if (!part) continue;
    if (/^https?:\/\//.test(part)) {
      const link = document.createElement("a");
      link.href = part;
      link.textContent = part;
      link.target = part.startsWith(`${location.origin}/`) ? "_self" : "_blank";
      link.rel = "noopener noreferrer";
      element.append(link);
    } else if (part.startsWith("@") && names.includes(part.slice(1))) {
      const who = document.createElement("b");
      who.className = "mention";
      who.textContent = part;
      element.append(who);
    } else {
      element.append(part);
    }
  }
}

export function paintAvatar(element, person, index) {
  if (person === null) {
    const image = document.createElement("img");
    image.src = "/static/icon.svg";
    image.alt = "";
    element.replaceChildren(image);
  } else {
    element.textContent = [...person.name][0] ?? "?";
    element.classList.add(`tone-${index % 6}`);
  }
}

export function badge(element, count) {
  element.hidden = count <= 0;
  element.textContent = count > 99 ? "99+" : String(count);
  element.setAttribute("aria-label", word("unread", count));
}

/** Opens and closes a small sheet; Escape and a press elsewhere close it. */
export function sheet(button, panel, opened = () => {}) {
  const set = (open) => {
    panel.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) opened();
  };
  button.addEventListener("click", () => set(panel.hidden));
  document.addEventListener("pointerdown", (event) => {
    if (!panel.hidden && !panel.contains(event.target) && !button.contains(event.target)) set(false);
  });
  for (const element of [button, panel]) {
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || panel.hidden) return;
      event.stopPropagation();
      set(false);
      button.focus();
    });
  }
  return () => set(false);
}

/** Arrow keys move within a row of buttons; only the chosen one is in the tab order. */
export function rove(row) {
  row.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...row.querySelectorAll("button")];
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    next.click();
  });
}
