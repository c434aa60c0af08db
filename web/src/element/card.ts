/** The card over the picture: how to start, what is being waited for, what went wrong and the mend. */

import { busyPhases, describe, type Snapshot } from "../machine";
import type { Trouble } from "../trouble";
import { icons } from "./icons";

export interface CardActions {
  start: (microphone: boolean) => void;
  retry: () => void;
  tryNow: () => void;
  cancel: () => void;
  giveToken: (token: string) => void;
}

const PATIENCE_MS = 4_000;

interface CardContext {
  name: string;
  secure: boolean;
}

export class Card {
  #countdown: ReturnType<typeof setInterval> | undefined;
  #due: HTMLElement | null = null;

  constructor(private readonly box: HTMLElement, private readonly actions: CardActions) {}

  show(snapshot: Snapshot, context: CardContext): void {
    clearInterval(this.#countdown);
    this.#due = null;
    const content = this.#content(snapshot, context);
    this.box.hidden = content.length === 0;
    this.box.dataset.kind = snapshot.phase;
    this.box.replaceChildren(...content);
  }

  /** Counts down to the next try, for people who wait. */
  expectRetry(atMs: number): void {
    const tell = (): void => {
      const seconds = Math.ceil((atMs - performance.now()) / 1000);
      if (this.#due) this.#due.textContent = seconds > 0 ? `Trying again in ${seconds} s` : "Trying now…";
    };
    clearInterval(this.#countdown);
    this.#countdown = setInterval(tell, 250);
    tell();
  }

  #content(snapshot: Snapshot, context: CardContext): Node[] {
    const { phase, trouble } = snapshot;
    if (phase === "live") return [];
    if (busyPhases.has(phase)) return this.#waiting(snapshot);
    if (phase === "away" && trouble) return this.#away(trouble);
    if (phase === "failed" && trouble) return this.#failed(trouble);
    return this.#welcome(context, phase === "ended");
  }

  #welcome({ name, secure }: CardContext, again: boolean): Node[] {
    const buttons = secure
      ? [
          button("primary", "Start talking", () => this.actions.start(true), icons.microphone),
          button("quiet", "Start without a microphone", () => this.actions.start(false)),
        ]
      : [button("primary", "Start, and type", () => this.actions.start(true))];
    const title = again ? `Talk with ${name} again` : `Talk with ${name}`;
    return [text("h2", title), text("p", "Speak or type, and interrupt at any time."), row(...buttons)];
  }

  #waiting(snapshot: Snapshot): Node[] {
    const status = text("p", describe(snapshot));
    status.className = "waiting";
    status.setAttribute("role", "status");
    const patience = text("p", "");
    patience.className = "due";
    this.#countdown = setInterval(() => (patience.textContent = "A person seen for the first time takes a little longer."), PATIENCE_MS);
    const bar = document.createElement("div");
    bar.className = "bar";
    bar.ariaHidden = "true";
    return [status, bar, patience, row(button("quiet", "Cancel", this.actions.cancel))];
  }

  #away(trouble: Trouble): Node[] {
    this.#due = text("p", "");
    this.#due.className = "due";
    return [...told(trouble), this.#due, row(button("primary", "Try now", this.actions.tryNow), button("quiet", "Hang up", this.actions.cancel))];
  }

  #failed(trouble: Trouble): Node[] {
    if (trouble.code === "token" || trouble.code === "wrong_token") return [...told(trouble), this.#tokenForm()];
    return [...told(trouble), row(button("primary", "Try again", this.actions.retry))];
  }

  #tokenForm(): HTMLFormElement {
    const form = document.createElement("form");
    const input = document.createElement("input");
    Object.assign(input, { type: "password", name: "token", required: true, autocomplete: "off", spellcheck: false, placeholder: "Token" });
    input.ariaLabel = "Access token";
    const submit = button("primary", "Connect", () => undefined);
    submit.type = "submit";
    form.className = "row";
    form.append(input, submit);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.value.trim()) this.actions.giveToken(input.value.trim());
    });
    return form;
  }
}

function told(trouble: Trouble): Node[] {
  const box = document.createElement("div");
  box.className = "told";
  box.setAttribute("role", "alert");
  box.append(text("h2", trouble.title), text("p", trouble.mend));
  return [box];
}

function text(tag: "h2" | "p", content: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = content;
  return element;
}

function row(...buttons: Node[]): HTMLElement {
  const element = document.createElement("div");
  element.className = "row";
  element.append(...buttons);
  return element;
}

function button(kind: "primary" | "quiet", label: string, act: () => void, icon = ""): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = kind;
  element.innerHTML = icon;
  element.append(label);
  element.addEventListener("click", () => act());
  return element;
}
