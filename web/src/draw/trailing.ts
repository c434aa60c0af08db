/** What of a frame depends on the frames before it: hair and shoulders that trail behind the head, and the pupils' width.
 *
 * The twins of engines/rig/sway.py and pupils.py, with their constants from the model's file.
 */

import { SHAPES, TICKS_HZ } from "../protocol";
import type { MotionFrame } from "../wire";
import type { Constants } from "./model";

/** A damped spring on the head's six coordinates. Feed it faces in order. */
export class Sway {
  #tTicks: number | null = null;
  readonly #target = new Float64Array(6);
  readonly #place = new Float64Array(6);
  readonly #speed = new Float64Array(6);
  readonly #near = new Float32Array(6);

  constructor(private readonly is: Constants["sway"]) {}

  /** Yaw, pitch, roll in radians and x, y, z in metres as the trailing parts feel the head; the array is lent until the next call. */
  follow({ tTicks, headRotation, headTranslation }: MotionFrame): Float32Array {
    const goal = [...headRotation, ...headTranslation];
    const elapsedS = this.#tTicks === null ? -1 : (tTicks - this.#tTicks) / TICKS_HZ;
    if (elapsedS >= 0 && elapsedS <= this.is.reset_s) {
      this.#swing(goal, elapsedS);
    } else {
      this.#place.set(goal);
      this.#speed.fill(0);
    }
    this.#tTicks = tTicks;
    this.#target.set(goal);
    for (let i = 0; i < 6; i++) {
      const limit = this.is.limit[i]!;
      this.#near[i] = goal[i]! + limit * Math.tanh((this.#place[i]! - goal[i]!) / limit);
    }
    return this.#near;
  }

  #swing(goal: number[], elapsedS: number): void {
    const steps = Math.ceil(elapsedS / this.is.max_step_s);
    const omega = 2 * Math.PI * this.is.frequency_hz;
    const stepS = elapsedS / steps;
    for (let n = 1; n <= steps; n++) {
      for (let i = 0; i < 6; i++) {
        const wanted = this.#target[i]! + ((goal[i]! - this.#target[i]!) * n) / steps;
        this.#speed[i]! += stepS * (omega * omega * (wanted - this.#place[i]!) - 2 * this.is.damping * omega * this.#speed[i]!);
        this.#place[i]! += stepS * this.#speed[i]!;
      }
    }
  }
}

/** Pupils: never still, wider with arousal, quick to narrow. Feed it faces in order. */
export class Pupils {
  #tTicks: number | null = null;
  #width = 0;
  readonly #gains: number[];

  constructor(private readonly is: Constants["pupils"]) {
    this.#gains = SHAPES.map((name) => is.arousal[name] ?? 0);
  }

  /** The pupils' radius as a multiple of the one at rest. */
  follow({ tTicks, weights }: MotionFrame): number {
    const wish = this.#gains.reduce((sum, gain, k) => sum + gain * weights[k]!, 0);
    const elapsedS = this.#tTicks === null ? -1 : (tTicks - this.#tTicks) / TICKS_HZ;
    if (elapsedS >= 0 && elapsedS <= this.is.reset_s) {
      const slowS = wish > this.#width ? this.is.widen_s : this.is.narrow_s;
      this.#width += (wish - this.#width) * (1 - Math.exp(-elapsedS / slowS));
    } else {
      this.#width = wish;
    }
    this.#tTicks = tTicks;
    const tS = tTicks / TICKS_HZ;
    const unrest = this.is.hippus.reduce((sum, [rateHz, share], n) => sum + share * Math.sin(2 * Math.PI * rateHz * tS + n), 0);
    return Math.min(this.is.most, Math.max(this.is.least, 1 + this.#width + unrest));
  }
}
