// One message, drawn from a template; drawn again in place when it changes.

import { clone, dayOf, paintAvatar, timeOf, word, writeText } from "./dom.js";

const TOGETHER = 3 * 60_000; // what one person says within it stands under one name

const isStart = (message) => message.chat === message.sender && /^\/start\b/.test(message.text);

export const excerpt = (message) =>
  message.text || (message.photo ? word("a-photo") : message.voice ? word("a-voice") : "");

export class Drawing {
  /** `acts` are the pane's: press, react, reply, edit, recall, jump. */
  constructor(store, acts) {
    this.store = store;
    this.acts = acts;
  }

  /** The elements for one message: a day's heading where a day begins, and the message. */
  draw(message, before, me, chat) {
    const day = !before || dayOf(before.at) !== dayOf(message.at);
    const aside = message.recalled ? "recalled" : isStart(message) ? "pressed-start" : "";
    const element = aside ? this.#aside(aside, message) : this.#message(message, before, me, chat, day);
    element.dataset.id = message.id;
    if (!day) return [element];
    const heading = clone("day");
    heading.textContent = dayOf(message.at);
    return [heading, element];
  }

  #aside(what, message) {
    const element = clone("aside");
    element.textContent = word(what, this.store.nameOf(message.sender));
    return element;
  }

  #message(message, before, me, chat, day) {
    const element = clone("message");
    const bot = message.sender === "bot";
    const person = this.store.person(message.sender);
    const follows =
      !day && before && !before.recalled && !isStart(before) && before.sender === message.sender && new Date(message.at) - new Date(before.at) < TOGETHER;
    element.classList.toggle("mine", message.sender === me);
    element.classList.toggle("bot", bot);
    element.classList.toggle("follows", Boolean(follows));
    element.classList.toggle("for-me", message.mentions.includes(me));
    paintAvatar(element.querySelector(".avatar"), bot ? null : (person ?? { name: "?" }), this.store.tone(message.sender));
    element.querySelector(".who b").textContent = this.store.nameOf(message.sender);
    element.querySelector(".who span").textContent = bot ? word("bot-note") : (person?.note ?? "");
    this.#content(element, message, chat);
    this.#buttons(element, message);
    this.#reactions(element, message, me);
    this.acts.tools(element, message);
    return element;
  }

  #content(element, message, chat) {
    const names = [...this.store.people.map((one) => one.name), this.store.bot];
    const text = element.querySelector(".text");
    writeText(text, message.text, names);
    text.hidden = !message.text;
    element.querySelector(".voice").hidden = !message.voice;
    const photo = element.querySelector(".photo");
    if (message.photo) {
      photo.src = `/simulator/photos/${encodeURIComponent(message.photo)}`;
      photo.hidden = false;
    }
    const answered = chat.messages.get(message.reply_to);
    if (answered) {
      const quote = element.querySelector(".quote");
      quote.hidden = false;
      quote.querySelector("b").textContent = this.store.nameOf(answered.sender);
      quote.querySelector("span").textContent = excerpt(answered);
      quote.addEventListener("click", () => this.acts.jump(answered.id));
    }
    const time = element.querySelector("time");
    time.dateTime = message.at;
    time.textContent = timeOf(message.at);
    const edited = element.querySelector(".edited");
    edited.hidden = !message.edits;
    time.hidden = message.edits > 0 && message.sender === "bot"; // a card is as new as its last change
    if (message.edits) edited.textContent = message.sender === "bot" ? word("updated", timeOf(message.edited_at)) : word("edited");
    element.querySelector(".silent").hidden = !message.silent;
  }

  #buttons(element, message) {
    const rows = element.querySelector(".buttons");
    rows.hidden = !message.buttons.length;
    for (const row of message.buttons) {
      const line = document.createElement("div");
      for (const button of row) line.append(this.#button(button, message));
      rows.append(line);
    }
  }

  #button(button, message) {
    if (button.url && /^https?:\/\//.test(button.url)) {
      const link = document.createElement("a");
      link.href = button.url;
      link.textContent = `${button.text} ↗`;
      link.rel = "noopener noreferrer";
      link.className = "key";
      return link;
    }
    const key = document.createElement("button");
    key.type = "button";
    key.className = "key";
    key.textContent = button.text;
    key.addEventListener("click", () => this.acts.press(message, button, key));
    return key;
  }

  #reactions(element, message, me) {
    const row = element.querySelector(".reactions");
    const by = new Map();
    for (const [who, emoji] of Object.entries(message.reactions)) by.set(emoji, [...(by.get(emoji) ?? []), who]);
    row.hidden = !by.size;
    for (const [emoji, whose] of by) {
      const pill = document.createElement("button");
      const names = whose.map((who) => this.store.nameOf(who)).join("、");
      pill.type = "button";
      pill.className = "pill";
      pill.classList.toggle("own", whose.includes(me));
      pill.title = names;
      pill.setAttribute("aria-label", word("reacted", names) + emoji);
      const face = document.createElement("span");
      face.textContent = emoji;
      const label = document.createElement("span");
      label.className = "pill-names";
      label.textContent = whose.length > 2 ? String(whose.length) : names;
      pill.append(face, label);
      pill.addEventListener("click", () => this.acts.react(message, whose.includes(me) ? "" : emoji));
      row.append(pill);
    }
  }
}
