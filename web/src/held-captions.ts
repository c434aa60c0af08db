/** The agent's captions wait here for as long as the browser holds the sound back, so that a word is read when it is heard. */

import type { Transcript } from "./protocol";

const MOST_MS = 600;

interface Held {
  event: Transcript;
  timer: ReturnType<typeof setTimeout>;
  dueMs: number;
}

export class HeldCaptions {
  #held: Held[] = [];

  constructor(private readonly show: (event: Transcript) => void) {}

  /** Shows `event` `delayMs` after `nowMs`, never before one that came earlier. An interruption is shown at once, and is the last word. */
  take(event: Transcript, delayMs: number, nowMs: number): void {
    if (event.interrupted) {
      this.drop();
      this.show(event);
      return;
    }
    const wantedMs = nowMs + Math.max(0, Math.min(MOST_MS, delayMs));
    const dueMs = Math.max(wantedMs, this.#held.at(-1)?.dueMs ?? 0);
    const timer = setTimeout(() => {
      const next = this.#held.shift(); // the oldest, whichever timer it is
      if (next) this.show(next.event);
    }, dueMs - nowMs);
    this.#held.push({ event, timer, dueMs });
  }

  drop(): void {
    for (const { timer } of this.#held) clearTimeout(timer);
    this.#held = [];
  }
}
