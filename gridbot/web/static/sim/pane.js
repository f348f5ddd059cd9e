// One person's phone: who I am, my chats, what was said, where I write.

import { badge, clone, paintAvatar, rove, sheet, word } from "./dom.js";
import { Composer } from "./composer.js";
import { Drawing, excerpt } from "./message.js";

const NEAR_END = 80; // px
const PATIENCE = 8000; // ms until a tap that nobody answers looks untapped again

export class Pane {
  #toastTimer = 0;

  /** `changed(pane)` is called when the person or the chat is another one. */
  constructor(store, seen, { who, chat = "", payload = "", changed }) {
    Object.assign(this, { store, seen, who, chat, payload, changed });
    this.root = clone("pane");
    const find = (selector) => this.root.querySelector(selector);
    this.log = find(".log");
    this.frame = find(".log-frame");
    this.people = find(".people");
    this.tabs = find(".tabs");
    this.toEnd = find("[data-to-end]");
    this.composer = new Composer(this, find(".composer"));
    this.drawing = new Drawing(store, {
      press: (message, button, key) => this.#press(message, button, key),
      react: (message, emoji) => this.act("react", { id: message.id, emoji }),
      jump: (id) => this.jump(id),
      tools: (element, message) => this.#tools(element, message),
    });
    rove(this.people);
    rove(this.tabs);
    this.closeRoom = sheet(find("[data-room-toggle]"), find("[data-room]"));
    for (const button of this.root.querySelectorAll("[data-act]")) {
      button.addEventListener("click", () => this.#roomAct(button.dataset.act));
    }
    this.toEnd.addEventListener("click", () => this.#scrollToEnd());
    this.log.addEventListener("scroll", () => (this.toEnd.hidden = this.toEnd.hidden || this.#atEnd()));
    find("[data-pinned]").addEventListener("click", () => this.jump(this.#current.pins.at(-1)));
    // What grows or shrinks around the log (pictures, the keyboard of a phone) must not hide its end.
    new ResizeObserver(() => this.stuck && this.#scrollToEnd()).observe(this.log);
    this.log.addEventListener("scroll", () => (this.stuck = this.#atEnd()), { passive: true });
    this.stuck = true;
  }

  get #current() {
    return this.store.chats.get(this.chat);
  }

  get #person() {
    return this.store.person(this.who);
  }

  // --- drawing ---

  /** Everything anew: at the start, and as another person or in another chat. */
  show() {
    if (!this.#person) this.who = this.store.people[0].id;
    const mine = this.store.chatsOf(this.who);
    if (!mine.some((chat) => chat.id === this.chat)) this.chat = mine[0].id;
    this.root.setAttribute("aria-label", word("pane-of", this.#person.name));
    this.#drawPeople();
    this.#drawTabs();
    this.#drawLog();
    this.#drawDoor();
    this.composer.reset(this.#person);
    this.#look();
  }

  become(who, chat = "") {
    this.who = who;
    this.chat = chat;
    this.show();
    this.changed(this);
  }

  visit(chat) {
    this.chat = chat;
    this.show();
    this.changed(this);
  }

  #drawPeople() {
    const focused = this.people.contains(document.activeElement);
    const buttons = this.store.people.map((person, index) => {
      const button = clone("person");
      paintAvatar(button.querySelector(".avatar"), person, index);
      button.querySelector(".person-name").textContent = person.name;
      button.title = person.note;
      button.dataset.who = person.id;
      button.setAttribute("aria-checked", String(person.id === this.who));
      button.tabIndex = person.id === this.who ? 0 : -1;
      button.addEventListener("click", () => person.id === this.who || this.become(person.id));
      return button;
    });
    this.people.replaceChildren(...buttons);
    if (focused) this.people.querySelector('[aria-checked="true"]').focus();
  }

  #drawTabs() {
    const focused = this.tabs.contains(document.activeElement);
    const tabs = this.store.chatsOf(this.who).map((chat) => {
      const tab = clone("tab");
      tab.firstElementChild.textContent = chat.private ? word("private-chat") : chat.title;
      tab.dataset.chat = chat.id;
      tab.setAttribute("aria-selected", String(chat.id === this.chat));
      tab.tabIndex = chat.id === this.chat ? 0 : -1;
      tab.addEventListener("click", () => chat.id === this.chat || this.visit(chat.id));
      return tab;
    });
    this.tabs.replaceChildren(...tabs);
    if (focused) this.tabs.querySelector('[aria-selected="true"]').focus();
    this.tabs.querySelector('[aria-selected="true"]').scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }

  #drawLog() {
    const chat = this.#current;
    this.log.setAttribute("aria-label", word("log-of", chat.private ? word("private-chat") : chat.title));
    this.log.setAttribute("aria-busy", "true"); // nobody wants a whole chat read out
    const elements = [];
    let before = null;
    for (const message of chat.messages.values()) {
      elements.push(...this.drawing.draw(message, before, this.who, chat));
      before = message;
    }
    if (!elements.length) {
      const empty = document.createElement("p");
      empty.className = "empty";
      empty.textContent = word("empty");
      elements.push(empty);
    }
    this.log.replaceChildren(...elements);
    this.#scrollToEnd();
    requestAnimationFrame(() => this.log.removeAttribute("aria-busy"));
  }

  /** What depends on whether the bot is let in. */
  #drawDoor() {
    const chat = this.#current;
    const find = (selector) => this.root.querySelector(selector);
    const invited = chat.private && this.payload && this.payloadFor === this.who;
    find('[data-gate="start"]').hidden = !(chat.private && (!chat.open || invited));
    find('[data-gate="start"] [data-name]').textContent = this.#person.name;
    find('[data-gate="invite"]').hidden = chat.private || chat.open;
    find(".composer").hidden = chat.private && !chat.open;
    find('.room [data-act="remove"]').hidden = chat.private || !chat.open;
    find('.room [data-act="invite"]').hidden = chat.private || chat.open;
    find('.room [data-act="block"]').hidden = !chat.private || !chat.open;
    find("[data-members]").textContent = chat.private ? word("only-us") : word("members", chat.members.length);
    find("[data-window]").href = `/?as=${encodeURIComponent(this.who)}&chat=${encodeURIComponent(this.chat)}`;
    const pinned = chat.messages.get(chat.pins.at(-1));
    find("[data-pinned]").hidden = !pinned;
    if (pinned) find("[data-pinned] span").textContent = excerpt(pinned);
  }

  drawBadges() {
    for (const button of this.people.children) {
      const who = button.dataset.who;
      badge(button.querySelector(".badge"), who === this.who ? 0 : this.seen.waiting(who));
    }
    for (const tab of this.tabs.children) {
      const chat = this.store.chats.get(tab.dataset.chat);
      badge(tab.querySelector(".badge"), chat.id === this.chat ? 0 : this.seen.unread(this.who, chat));
    }
  }

  // --- what happens ---

  hear(event) {
    if (event.kind === "answer") {
      this.#answered(event);
      return;
    }
    if (event.chat === this.chat) {
      if (event.kind === "message") this.#append(event);
      else if (["edit", "recall", "reaction"].includes(event.kind)) this.#redraw(event);
      else this.#drawDoor();
    }
    this.#look();
  }

  #append(event) {
    const chat = this.#current;
    const all = [...chat.messages.values()];
    const follow = this.stuck || event.sender === this.who;
    this.log.querySelector(".empty")?.remove();
    const drawn = this.drawing.draw(chat.messages.get(event.id), all.at(-2) ?? null, this.who, chat);
    drawn.at(-1).classList.add("new");
    this.log.append(...drawn);
    if (follow) this.#scrollToEnd();
    else this.toEnd.hidden = false;
  }

  #redraw(event) {
    const old = this.#element(event.id);
    if (!old) return;
    const follow = this.stuck;
    const chat = this.#current;
    const all = [...chat.messages.values()];
    const at = all.findIndex((message) => message.id === event.id);
    const drawn = this.drawing.draw(all[at], all[at - 1] ?? null, this.who, chat).at(-1);
    if (event.kind === "edit") drawn.classList.add("changed");
    if (event.kind === "reaction") drawn.querySelector(".reactions")?.classList.add("changed");
    const focused = old.contains(document.activeElement);
    old.replaceWith(drawn);
    if (focused) (drawn.querySelector(".key, [data-more]") ?? this.log).focus();
    if (follow) this.#scrollToEnd();
    this.#drawDoor();
  }

  #look() {
    if (document.visibilityState === "visible") this.seen.mark(this.who, this.#current);
  }

  look() {
    this.#look();
  }

  // --- acts ---

  /** True if it was done; else says why not. */
  async act(act, form = {}) {
    const answer = await this.store.act(this.who, act, { chat: this.chat, ...form });
    if (answer.error) this.toast(word(answer.error));
    return !answer.error;
  }

  async #press(message, button, key) {
    key.classList.add("waiting");
    this.tapped = key;
    clearTimeout(this.tapTimer);
    this.tapTimer = setTimeout(() => key.classList.remove("waiting"), PATIENCE);
    if (!(await this.act("press", { id: message.id, token: button.token }))) key.classList.remove("waiting");
  }

  #answered(event) {
    if (event.who !== this.who) return;
    this.tapped?.classList.remove("waiting");
    if (!event.text) return;
    if (event.alert) {
      const dialog = this.root.querySelector("[data-alert]");
      dialog.querySelector("p").textContent = event.text;
      if (!dialog.open) dialog.showModal();
    } else {
      this.toast(event.text);
    }
  }

  async #roomAct(act) {
    this.closeRoom();
    const done = await this.act(act, act === "start" ? { payload: this.payload } : {});
    if (done && act === "start") this.payload = "";
    this.#drawDoor();
    if (done) this.composer.input.focus();
  }

  #tools(element, message) {
    const menu = element.querySelector(".menu");
    const own = message.sender === this.who;
    const close = sheet(element.querySelector("[data-more]"), menu, () => {
      const low = element.getBoundingClientRect().top - this.frame.getBoundingClientRect().top > this.frame.clientHeight / 2;
      menu.classList.toggle("up", low);
      menu.querySelector("button").focus();
    });
    menu.querySelector('[data-tool="edit"]').hidden = !own || !message.text;
    menu.querySelector('[data-tool="recall"]').hidden = !own;
    const on = (selector, run) =>
      menu.querySelectorAll(selector).forEach((button) =>
        button.addEventListener("click", () => {
          close();
          run(button);
        }),
      );
    on('[data-tool="reply"]', () => this.composer.reply(message));
    on('[data-tool="edit"]', () => this.composer.edit(message));
    on('[data-tool="recall"]', () => this.act("recall", { id: message.id }));
    on("[data-emoji]", (button) => {
      const emoji = button.dataset.emoji;
      this.act("react", { id: message.id, emoji: message.reactions[this.who] === emoji ? "" : emoji });
    });
  }

  lastOfMine() {
    const mine = [...this.#current.messages.values()].filter((one) => one.sender === this.who && !one.recalled && one.text && !one.text.startsWith("/start"));
    return mine.at(-1) ?? null;
  }

  toast(text) {
    const toast = this.root.querySelector("[data-toast]");
    toast.textContent = text;
    toast.classList.add("shown");
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(() => toast.classList.remove("shown"), 2500 + text.length * 80);
  }

  // --- scrolling ---

  jump(id) {
    const element = this.#element(id);
    if (!element) return;
    element.scrollIntoView({ block: "center" });
    element.classList.remove("changed");
    requestAnimationFrame(() => element.classList.add("changed"));
  }

  #element(id) {
    return this.log.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  #atEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END;
  }

  #scrollToEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.stuck = true;
    this.toEnd.hidden = true;
  }
}
