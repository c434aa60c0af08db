/** Keeps the picture in step with the sound at the viewer, where the two buffers of a browser settle on different delays.
 *
 * Sound is the master: the picture is held back by exactly what its buffer is shorter, and let go again as the sound's buffer shrinks.
 */

import { sample, type Sample } from "./figures";
import type { Call } from "./call";

const PERIOD_MS = 400;
const GAIN = 0.6;
const MOST_STEP_MS = 50; // browsers move a picture's delay by no more than about 100 ms a second
const DEAD_BAND_MS = 5;
const MOST_DELAY_MS = 500;

/** The picture's next delay from its present one and the offset as played (positive: picture first), all in ms. */
export function nextDelayMs(delayMs: number, offsetMs: number): number {
  if (Math.abs(offsetMs) < DEAD_BAND_MS) return delayMs;
  const stepMs = Math.max(-MOST_STEP_MS, Math.min(MOST_STEP_MS, GAIN * offsetMs));
  return Math.max(0, Math.min(MOST_DELAY_MS, delayMs + stepMs));
}

/** The offset as played, or, until the first sender reports have come, what the two buffers say of it. */
export function offsetMs({ figures }: Sample): number | null {
  if (figures.avOffsetMs !== null) return figures.avOffsetMs;
  if (figures.audioBufferMs === null || figures.videoBufferMs === null) return null;
  return figures.audioBufferMs - figures.videoBufferMs;
}

export class LipSync {
  readonly #timer: ReturnType<typeof setInterval>;
  #before: Sample | null = null;
  #delayMs = 0;
  #soundMs = 0;

  constructor(private readonly peer: Pick<Call, "report" | "setPictureDelay">) {
    this.#timer = setInterval(() => void this.adjust(performance.now()), PERIOD_MS);
  }

  /** How long the sound waits in the browser before it is heard. */
  get soundMs(): number {
    return this.#soundMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async adjust(atMs: number): Promise<void> {
    const now = sample(await this.peer.report(), atMs, this.#before);
    this.#soundMs = now.figures.audioBufferMs ?? this.#soundMs;
    const first = this.#before === null;
    this.#before = now;
    const offset = offsetMs(now);
    if (first || offset === null) return; // buffers' means over the whole call so far say nothing of now
    this.#delayMs = nextDelayMs(this.#delayMs, offset);
    this.peer.setPictureDelay(this.#delayMs);
  }
}
