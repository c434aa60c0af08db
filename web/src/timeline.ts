/** Motion frames as they come, and the face at any time between them. */

import { TICKS_HZ } from "./protocol";
import type { MotionFrame } from "./wire";

const MOST_FRAMES = 240;
const KEPT_TICKS = TICKS_HZ / 4;

export class Timeline {
  #frames: MotionFrame[] = [];

  get length(): number {
    return this.#frames.length;
  }

  /** Frames may come late and in any order; what comes twice or too late to be shown changes nothing. Drop rule: the oldest. */
  push(frame: MotionFrame): void {
    let at = this.#frames.length;
    while (at > 0 && (this.#frames[at - 1]?.tTicks ?? 0) > frame.tTicks) at--;
    if (this.#frames[at - 1]?.tTicks === frame.tTicks) return;
    this.#frames.splice(at, 0, frame);
    if (this.#frames.length > MOST_FRAMES) this.#frames.shift();
  }

  /** The face at a media time: between its neighbours, or the nearest there is; null before the first frame. Older ones are let go. */
  at(tTicks: number): MotionFrame | null {
    while (this.#frames.length > 2 && (this.#frames[1]?.tTicks ?? Infinity) < tTicks - KEPT_TICKS) this.#frames.shift();
    const next = this.#frames.findIndex((frame) => frame.tTicks >= tTicks);
    const [before, after] = next < 0 ? [this.#frames.at(-1), undefined] : [this.#frames[next - 1], this.#frames[next]];
    if (!before || !after) return before ?? after ?? null;
    const share = (tTicks - before.tTicks) / (after.tTicks - before.tTicks);
    const mix = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value + share * ((b[i] ?? value) - value));
    return {
      tTicks,
      generation: after.generation,
      weights: mix(before.weights, after.weights),
      headRotation: mix(before.headRotation, after.headRotation),
      headTranslation: mix(before.headTranslation, after.headTranslation),
      gaze: mix(before.gaze, after.gaze),
    };
  }

  clear(): void {
    this.#frames = [];
  }
}
