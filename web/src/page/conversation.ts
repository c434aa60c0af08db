/** What was said so far, in order; stays when a call breaks and is resumed. */

import type { Line } from "../captions";
import { icons } from "../element/icons";

export class Conversation {
  readonly #list = document.createElement("ol");
  readonly #nothing = document.createElement("p");
  readonly #items = new Map<string, HTMLLIElement>();

  constructor(box: HTMLElement, close: () => void) {
    box.innerHTML = `<div class="panel-head"><h2>Conversation</h2><button class="tool" type="button" aria-label="Close the conversation">${icons.close}</button></div>`;
    box.querySelector("button")?.addEventListener("click", close);
    this.#list.className = "said";
    this.#nothing.className = "nothing";
    this.#nothing.textContent = "What you and the avatar say appears here. It stays on this page and is gone when you close it.";
    box.append(this.#nothing, this.#list);
  }

  /** Brings the list up to date with the lines; `name` is who speaks for the agent. */
  show(lines: readonly Line[], name: string): void {
    this.#nothing.hidden = lines.length > 0;
    const atEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 60;
    const alive = new Set(lines.map((line) => line.id));
    for (const [id, item] of this.#items) {
      if (alive.has(id)) continue;
      item.remove();
      this.#items.delete(id);
    }
    lines.forEach((line, at) => this.#put(line, at, name));
    if (atEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #put(line: Line, at: number, name: string): void {
    let item = this.#items.get(line.id);
    if (!item) {
      item = document.createElement("li");
      item.innerHTML = "<b></b><p></p>";
      (item.firstChild as HTMLElement).textContent = line.speaker === "user" ? "You" : name;
      this.#items.set(line.id, item);
    }
    item.className = `${line.speaker}${line.final ? "" : " open"}`;
    (item.lastChild as HTMLElement).textContent = line.interrupted ? `${line.text} —` : line.text;
    if (this.#list.children[at] !== item) this.#list.insertBefore(item, this.#list.children[at] ?? null);
  }
}
