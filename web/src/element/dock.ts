/** Under the picture: microphone, text, interrupt, send, hang up. */

import type { VisavisClient } from "../client";
import { icons } from "./icons";
import { part } from "./template";

const LEVEL_PERIOD_MS = 66;

export class Dock {
  readonly #form: HTMLFormElement;
  readonly #microphone: HTMLButtonElement;
  readonly #text: HTMLInputElement;
  readonly #interrupt: HTMLButtonElement;
  readonly #send: HTMLButtonElement;
  #level: ReturnType<typeof setInterval> | undefined;

  constructor(root: ParentNode, private readonly client: VisavisClient) {
    this.#form = part(root, ".dock");
    this.#microphone = part(root, ".mic");
    this.#text = part(root, ".text");
    this.#interrupt = part(root, ".interrupt");
    this.#send = part(root, ".send");
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say();
    });
    this.#text.addEventListener("input", () => this.update());
    this.#microphone.addEventListener("click", () => this.toggleMicrophone());
    this.#interrupt.addEventListener("click", () => client.interrupt());
    part<HTMLButtonElement>(root, ".hangup").addEventListener("click", () => client.end());
  }

  focusText(): void {
    this.#text.focus();
  }

  toggleMicrophone(): void {
    const { microphone } = this.client;
    if (microphone.track) this.client.setMuted(!microphone.muted);
    else void this.client.openMicrophone();
  }

  update(name = this.client.avatar ?? ""): void {
    const live = this.client.state.phase === "live";
    const { track, muted } = this.client.microphone;
    const open = track !== null && !muted;
    const speaking = live && (this.client.agent?.state === "speaking" || this.client.agent?.state === "thinking");
    const label = open ? "Mute the microphone" : track ? "Unmute the microphone" : "Turn on the microphone";
    this.#form.inert = !live;
    this.#form.classList.toggle("off", !live);
    this.#microphone.innerHTML = open ? icons.microphone : icons.microphoneOff;
    this.#microphone.ariaLabel = this.#microphone.title = label;
    this.#microphone.ariaPressed = String(!open);
    this.#microphone.classList.toggle("open", open);
    const written = this.#text.value.trim() !== "";
    this.#send.hidden = !written;
    this.#interrupt.hidden = written;
    this.#interrupt.disabled = !speaking;
    this.#text.placeholder = live && name ? `Type to ${name}…` : "Type a message…";
    this.#listen(live && open);
  }

  #say(): void {
    const words = this.#text.value.trim();
    if (!words || !this.client.chat(words)) return;
    this.#text.value = "";
    this.update();
  }

  /** The ring around the microphone breathes with the voice. */
  #listen(on: boolean): void {
    clearInterval(this.#level);
    this.#microphone.style.setProperty("--level", "0");
    if (!on) return;
    this.#level = setInterval(() => {
      if (!document.hidden) this.#microphone.style.setProperty("--level", this.client.microphone.level().toFixed(2));
    }, LEVEL_PERIOD_MS);
  }
}
