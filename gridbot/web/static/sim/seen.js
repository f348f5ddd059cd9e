// How much of each chat each person has seen, in this browser; several windows share it.

export class Seen {
  #counts = {};

  constructor(store) {
    this.store = store;
  }

  get #key() {
    return `gridbot:seen:${this.store.generation}`;
  }

  /** Begins anew with another story, or with what another window saw; what was there before anybody
   * looked counts as seen. */
  load() {
    this.#counts = this.#kept();
    for (const chat of this.store.chats.values()) {
      for (const who of chat.members) this.#counts[`${who} ${chat.id}`] ??= chat.count;
    }
  }

  mark(who, chat) {
    const key = `${who} ${chat.id}`;
    if (this.#counts[key] === chat.count) return;
    for (const [name, count] of Object.entries(this.#kept())) {
      this.#counts[name] = Math.max(count, this.#counts[name] ?? 0);
    }
    this.#counts[key] = chat.count;
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#counts));
    } catch {
      // a browser that keeps nothing: the counters live as long as the page
    }
  }

  #kept() {
    try {
      return JSON.parse(localStorage.getItem(this.#key) ?? "{}");
    } catch {
      return {};
    }
  }

  unread(who, chat) {
    return Math.max(0, chat.count - (this.#counts[`${who} ${chat.id}`] ?? 0));
  }

  /** What is meant for this person: what everybody can read does not count. */
  waiting(who) {
    const everybody = this.store.people.length;
    return this.store
      .chatsOf(who)
      .filter((chat) => chat.members.length < everybody)
      .reduce((sum, chat) => sum + this.unread(who, chat), 0);
  }
}
