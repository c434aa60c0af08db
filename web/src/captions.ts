/** What was said, by whom, as lines: pure, fed with transcript events and with what the user typed. */

import type { Transcript } from "./protocol";

export interface Line {
  /** Stable for as long as the line lives. */
  readonly id: string;
  readonly speaker: "user" | "agent";
  readonly text: string;
  readonly final: boolean;
  readonly interrupted: boolean;
  /** Typed here and not yet confirmed by the server. */
  readonly typed: boolean;
}

export const MAX_LINES = 400;

export class Captions {
  #lines: Line[] = [];
  #call = 0;
  #typed = 0;

  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** The newest line of a speaker, or null. */
  latest(speaker: Line["speaker"]): Line | null {
    return this.#lines.findLast((line) => line.speaker === speaker) ?? null;
  }

  /** Utterances count from nought in each call; what was said before stays. */
  newCall(): void {
    this.#call += 1;
    this.#lines = this.#lines.map((line) => (line.final ? line : { ...line, final: true, interrupted: true }));
  }

  type(text: string): Line {
    this.#typed += 1;
    return this.#put({ id: `typed-${this.#typed}`, speaker: "user", text, final: true, interrupted: false, typed: true });
  }

  /** Takes an event and gives the line it made or changed. A typed line that comes back from the server is not doubled. */
  hear(event: Transcript): Line {
    const id = `${this.#call}-${event.speaker}-${event.utterance}`;
    const line: Line = {
      id, speaker: event.speaker, text: event.text, final: event.final, interrupted: event.interrupted ?? false, typed: false,
    };
    const echo = (other: Line): boolean => other.typed && event.speaker === "user" && other.text.trim() === event.text.trim();
    const at = this.#lines.findIndex((other) => other.id === id || echo(other));
    if (at < 0) return this.#put(line);
    this.#lines = this.#lines.with(at, line);
    return line;
  }

  #put(line: Line): Line {
    this.#lines = [...this.#lines, line].slice(-MAX_LINES);
    return line;
  }
}
