// What the simulator has told us: one state, then every event, in order. Mirrors the server's transcript.

const RETRY = [400, 800, 1500, 3000, 6000, 10_000];
const HIDDEN_FOR = 30_000; // a page nobody looks at gives its connection back: a browser has only six

export class Store extends EventTarget {
  #source = null;
  #failures = 0;
  #timer = 0;
  #sleep = 0;

  people = [];
  chats = new Map();

  async open() {
    document.addEventListener("visibilitychange", () => this.#watched());
    addEventListener("online", () => this.#again(0));
    await this.#load();
  }

  person(id) {
    return this.people.find((person) => person.id === id) ?? null;
  }

  tone(id) {
    return this.people.findIndex((person) => person.id === id);
  }

  nameOf(id) {
    return id === "bot" ? this.bot : (this.person(id)?.name ?? "?");
  }

  chatsOf(who) {
    return [...this.chats.values()].filter((chat) => chat.members.includes(who));
  }

  /** Sends an act; gives back {id} or {error: code}. */
  async act(who, act, form = {}) {
    try {
      const answer = await fetch("/simulator/acts", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ as: who, act, ...form }),
      });
      return answer.status === 413 ? { error: "too-long" } : await answer.json();
    } catch {
      return { error: "error" };
    }
  }

  async addPhoto(blob) {
    try {
      const answer = await fetch("/simulator/photos", { method: "POST", body: blob });
      if (answer.ok) return await answer.json();
      return { error: { 413: "too-big", 415: "no-picture" }[answer.status] ?? "error" };
    } catch {
      return { error: "error" };
    }
  }

  // --- the line ---

  async #load() {
    try {
      const answer = await fetch("/simulator/state");
      if (!answer.ok) throw new Error(String(answer.status));
      const state = await answer.json();
      this.bot = state.bot;
      this.people = state.people;
      this.generation = state.generation;
      this.last = state.last;
      this.chats = new Map(state.chats.map((chat) => [chat.id, this.#indexed(chat)]));
      this.#say("reset");
      this.#listen();
    } catch {
      this.#broken(() => this.#load());
    }
  }

  #indexed(chat) {
    return { ...chat, messages: new Map(chat.messages.map((message) => [message.id, message])) };
  }

  #listen() {
    this.#source?.close();
    const source = new EventSource(`/simulator/events?after=${this.last}&generation=${this.generation}`);
    this.#source = source;
    source.addEventListener("hello", () => {
      this.#failures = 0;
      this.#say("online");
    });
    source.addEventListener("event", (told) => {
      const event = JSON.parse(told.data);
      if (event.kind === "reset") {
        source.close();
        this.#load();
      } else if (event.n > this.last) {
        this.last = event.n;
        this.#apply(event);
      }
    });
    source.addEventListener("error", () => {
      source.close();
      if (this.#source === source) this.#broken(() => this.#listen());
    });
  }

  #broken(retry) {
    this.#source = null;
    this.#retry = retry;
    this.#say("offline");
    this.#again(RETRY[Math.min(this.#failures++, RETRY.length - 1)] * (0.8 + Math.random() * 0.4));
  }

  #retry = () => this.#listen();

  #again(after) {
    clearTimeout(this.#timer);
    if (this.#source === null) this.#timer = setTimeout(() => this.#retry(), after);
  }

  #watched() {
    clearTimeout(this.#sleep);
    if (document.visibilityState === "visible") {
      this.#again(0);
      this.#say("looked");
    } else {
      this.#sleep = setTimeout(() => {
        this.#source?.close();
        this.#source = null;
        this.#retry = () => this.#listen();
        clearTimeout(this.#timer);
      }, HIDDEN_FOR);
    }
  }

  // --- the fold: one case per kind of event ---

  #apply(event) {
    const chat = this.chats.get(event.chat);
    const message = chat?.messages.get(event.id);
    switch (event.kind) {
      case "message":
        chat.messages.set(event.id, { edits: 0, recalled: false, reactions: {}, buttons: [], mentions: [], ...event });
        chat.count += 1;
        break;
      case "edit":
        message.text = event.text;
        message.edited_at = event.at;
        message.buttons = event.buttons ?? message.buttons;
        message.edits += 1;
        break;
      case "recall":
        Object.assign(message, { recalled: true, text: "", photo: "", buttons: [] });
        break;
      case "reaction":
        if (event.emoji) message.reactions[event.who] = event.emoji;
        else delete message.reactions[event.who];
        break;
      case "pin":
        if (!chat.pins.includes(event.id)) chat.pins.push(event.id);
        break;
      case "menu":
        chat.menu = event.items;
        break;
      case "started":
      case "bot_in":
        chat.open = true;
        break;
      case "blocked":
      case "bot_out":
        chat.open = false;
        break;
    }
    this.#say("event", event);
  }

  #say(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
