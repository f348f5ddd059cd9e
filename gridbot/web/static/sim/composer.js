// Where somebody writes: text, a reply, a change to what was said, a photo, a voice note.

import { sheet, word } from "./dom.js";
import { excerpt } from "./message.js";
import { preview, shrink } from "./photo.js";

export class Composer {
  #reply = null;
  #edit = null;
  #photo = null; // a Blob

  constructor(pane, root) {
    this.pane = pane;
    this.root = root;
    this.input = root.querySelector("[data-input]");
    this.context = root.querySelector("[data-context]");
    this.attached = root.querySelector("[data-attached]");
    root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("input", () => this.#grow());
    root.querySelector("[data-cancel]").addEventListener("click", () => this.cancel());
    root.querySelector("[data-detach]").addEventListener("click", () => this.#attach(null));
    root.querySelector("[data-voice]").addEventListener("click", () => this.#say({ voice: true }));
    this.#photos();
  }

  #photos() {
    const close = sheet(this.root.querySelector("[data-photos-toggle]"), this.root.querySelector("[data-photos]"));
    const take = async (source) => {
      close();
      try {
        await this.#attach(await shrink(source));
      } catch {
        this.pane.toast(word("no-picture"));
      }
      this.input.focus();
    };
    for (const button of this.root.querySelectorAll("[data-stock]")) {
      button.addEventListener("click", () => take(button.querySelector("img")));
    }
    const file = this.root.querySelector("[data-file]");
    file.addEventListener("change", () => {
      if (file.files.length) take(file.files[0]);
      file.value = "";
    });
  }

  /** For another person or chat: nothing half-written goes along. */
  reset(person) {
    this.cancel();
    this.#attach(null);
    this.input.value = "";
    this.input.placeholder = word("say-as", person.name);
    const tries = this.root.querySelector("[data-tries]");
    tries.replaceChildren(tries.firstElementChild);
    tries.hidden = !person.tries.length;
    for (const sentence of person.tries) {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.className = "chip";
      chip.textContent = sentence;
      chip.addEventListener("click", () => this.fill(sentence));
      tries.append(chip);
    }
    this.#grow();
  }

  fill(text) {
    this.input.value = text;
    this.#grow();
    this.input.focus();
  }

  reply(message) {
    this.cancel();
    this.#reply = message;
    this.#show(word("replying") + this.pane.store.nameOf(message.sender), excerpt(message));
  }

  edit(message) {
    this.cancel();
    this.#edit = message;
    this.#show(word("editing"), message.text);
    this.fill(message.text);
  }

  cancel() {
    if (this.#edit) this.fill("");
    this.#reply = this.#edit = null;
    this.context.hidden = true;
  }

  #show(title, text) {
    this.context.querySelector("b").textContent = title;
    this.context.querySelector("span").textContent = text;
    this.context.hidden = false;
    this.input.focus();
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return; // the Enter that picks a word of the input method
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape") {
      this.cancel();
      this.#attach(null);
    } else if (event.key === "ArrowUp" && !this.input.value) {
      const mine = this.pane.lastOfMine();
      if (mine) {
        event.preventDefault();
        this.edit(mine);
      }
    }
  }

  async #send() {
    const text = this.input.value.trim();
    if (this.#edit) {
      const { id } = this.#edit;
      if (text && (await this.pane.act("edit", { id, text }))) this.cancel();
      return;
    }
    if (!text && !this.#photo) return;
    let photo = "";
    if (this.#photo) {
      const kept = await this.pane.store.addPhoto(this.#photo);
      if (kept.error) {
        this.pane.toast(word(kept.error));
        return;
      }
      photo = kept.photo;
    }
    await this.#say({ text, photo });
  }

  async #say(what) {
    const written = this.input.value;
    const answered = this.#reply;
    if (!what.voice) this.fill(""); // at once: who types on, or changes what he said, must not wait for the line
    if (!this.#edit) this.cancel();
    if (await this.pane.act("say", { ...what, reply_to: answered?.id ?? "" })) {
      if (!what.voice) this.#attach(null);
    } else if (!what.voice && !this.input.value) {
      if (answered) this.reply(answered);
      this.fill(written);
    }
  }

  async #attach(blob) {
    this.#photo = blob;
    this.attached.hidden = !blob;
    if (blob) await preview(this.attached.querySelector("canvas"), blob);
  }

  #grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 140)}px`;
  }
}
