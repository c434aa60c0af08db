/** Captions on the picture, word by word, and the same in whole lines for screen readers. */

import type { Line } from "../captions";
import { part } from "./template";

const REST_MS = 7_000;

export class CaptionView {
  readonly #user: HTMLElement;
  readonly #agent: HTMLElement;
  readonly #spoken: HTMLElement;
  readonly #box: HTMLElement;
  #shownId = "";
  #shownWords: string[] = [];
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(root: ParentNode) {
    this.#box = part(root, ".captions");
    this.#user = part(root, ".heard.user");
    this.#agent = part(root, ".heard.agent");
    this.#spoken = part(root, ".spoken");
  }

  show(line: Line, speakerName: string): void {
    if (line.speaker === "user") {
      this.#user.textContent = line.text;
      this.#user.classList.toggle("interim", !line.final);
      if (line.typed || line.final) this.#replaceAgent("");
    } else {
      this.#growAgent(line);
    }
    this.#box.classList.remove("resting");
    clearTimeout(this.#rest);
    if (line.final) {
      this.#rest = setTimeout(() => this.#box.classList.add("resting"), REST_MS);
      this.#announce(`${line.speaker === "user" ? "You" : speakerName}: ${line.text}`, line.id);
    }
  }

  clear(): void {
    this.#user.textContent = "";
    this.#replaceAgent("");
  }

  /** Adds only the words that are new, so that each fades in once. */
  #growAgent(line: Line): void {
    const words = line.text.split(/\s+/).filter(Boolean);
    const grown = line.id === this.#shownId && this.#shownWords.every((word, i) => words[i] === word);
    if (!grown) this.#replaceAgent(line.id);
    for (const word of words.slice(this.#shownWords.length)) {
      const span = document.createElement("span");
      span.textContent = word;
      this.#agent.append(span, " ");
    }
    this.#shownWords = words;
    this.#agent.classList.toggle("cut", line.interrupted);
    this.#agent.scrollTop = this.#agent.scrollHeight;
  }

  #replaceAgent(id: string): void {
    this.#agent.replaceChildren();
    this.#agent.classList.remove("cut");
    this.#shownId = id;
    this.#shownWords = [];
  }

  #announce(text: string, id: string): void {
    if (this.#spoken.lastElementChild?.getAttribute("data-line") === id) return;
    const entry = document.createElement("p");
    entry.textContent = text;
    entry.dataset.line = id;
    this.#spoken.append(entry);
    while (this.#spoken.childElementCount > 20) this.#spoken.firstElementChild?.remove();
  }
}
