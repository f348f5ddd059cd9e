// The page: one phone, or two beside each other where there is room.

import { Pane } from "./pane.js";
import { Seen } from "./seen.js";
import { Store } from "./store.js";

const WIDE = matchMedia("(min-width: 900px)");
const query = new URLSearchParams(location.search);
const store = new Store();
const seen = new Seen(store);
const root = document.querySelector("[data-panes]");
const split = document.querySelector("[data-split]");
const offline = document.querySelector("[data-offline]");
const payload = query.get("start") ?? "";
let panes = [];
// Two people by default, for half of what there is to see happens on the leader's phone.
let two = query.getAll("as").length !== 1 && !payload;

function pane(who, chat) {
  const made = new Pane(store, seen, { who, chat, payload, changed: remember });
  made.payloadFor = payload ? who : "";
  return made;
}

/** As the address says; else the first resident, and the first who has already pressed 开始. */
function arrange() {
  const asked = query.getAll("as").filter((id) => store.person(id));
  const chats = query.getAll("chat");
  const first = asked[0] ?? store.people[0].id;
  const leader = store.people.find((person) => person.started && person.id !== first) ?? store.people[1];
  const second = asked[1] ?? leader?.id;
  panes = [pane(first, payload ? first : (chats[0] ?? ""))];
  if (second) panes.push(pane(second, chats[1] ?? second));
  place();
}

function place() {
  const shown = two && WIDE.matches ? panes : panes.slice(0, 1);
  root.replaceChildren(...shown.map((one) => one.root));
  root.classList.toggle("two", shown.length > 1);
  split.setAttribute("aria-pressed", String(shown.length > 1));
  split.hidden = !WIDE.matches || panes.length < 2;
  for (const one of shown) one.show();
  badges();
}

const shown = () => panes.filter((one) => one.root.isConnected);

function badges() {
  for (const one of shown()) one.look();
  for (const one of shown()) one.drawBadges();
}

function remember() {
  const kept = new URLSearchParams();
  for (const one of shown()) {
    kept.append("as", one.who);
    kept.append("chat", one.chat);
  }
  history.replaceState(null, "", `?${kept}`);
  badges();
}

store.addEventListener("reset", () => {
  seen.load();
  if (!panes.length) arrange();
  else for (const one of shown()) one.show();
  badges();
});
store.addEventListener("event", ({ detail }) => {
  if (detail.kind === "message" && detail.sender !== "bot") seen.mark(detail.sender, store.chats.get(detail.chat));
  for (const one of shown()) one.hear(detail);
  badges();
});
store.addEventListener("online", () => (offline.hidden = true));
store.addEventListener("offline", () => (offline.hidden = false));
store.addEventListener("looked", badges);
addEventListener("storage", () => {
  if (panes.length) {
    seen.load();
    badges();
  }
});
split.addEventListener("click", () => {
  two = !two;
  place();
  remember();
});
WIDE.addEventListener("change", place);
store.open();
