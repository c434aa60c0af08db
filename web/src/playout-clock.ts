/** Which media time is being heard now: the clock by which a viewer that draws by itself shows the face. Pure: times come in.
 *
 * The browser says which RTP timestamp it plays (getSynchronizationSources), the server which media time that is (event `clock`). Until
 * both are known the quickest frame's arrival less the sound's buffer stands in.
 */

import { median } from "./figures";
import { TICKS_HZ } from "./protocol";

const TICKS_A_MS = TICKS_HZ / 1000;
const SETTLE_MS = 400;
const JUMP_MS = 150;
const ARRIVALS_MS = 8_000;
const HEARD_MS = 2_000;
const LEAST_HEARD = 5;
const WRAP = 2 ** 32;

interface Offset {
  atMs: number;
  offsetMs: number;
}

export class PlayoutClock {
  #rtpZero: number | null = null;
  /** Media ms less performance.now() ms, by what is heard and by what arrives. */
  #heard: Offset[] = [];
  #arrivals: Offset[] = [];
  #bufferMs: number | null = null;
  #offsetMs: number | null = null;
  #lastMs = -Infinity;
  #lastTicks = -Infinity;

  /** True once the face follows the sound itself, not its arrival. */
  get exact(): boolean {
    return this.#heard.length >= LEAST_HEARD;
  }

  /** How far the face is from where it should be, positive where it is ahead of the sound, ms. */
  get errorMs(): number | null {
    const wanted = this.#wanted();
    return wanted === null || this.#offsetMs === null ? null : this.#offsetMs - wanted;
  }

  /** The event `clock`. */
  tell(rtpZero: number): void {
    this.#rtpZero = rtpZero;
  }

  /** At `atMs` the browser played the sound of this RTP timestamp. */
  hear(rtpTimestamp: number, atMs: number): void {
    if (this.#rtpZero === null || atMs === this.#heard.at(-1)?.atMs) return;
    const ticks = (rtpTimestamp - this.#rtpZero + WRAP) % WRAP;
    const near = this.#arrivals.at(-1);
    const wraps = near ? Math.round(((near.offsetMs + near.atMs) * TICKS_A_MS - ticks) / WRAP) : 0;
    push(this.#heard, { atMs, offsetMs: (ticks + wraps * WRAP) / TICKS_A_MS - atMs }, HEARD_MS);
  }

  /** A motion frame came. */
  arrive(tTicks: number, atMs: number): void {
    push(this.#arrivals, { atMs, offsetMs: tTicks / TICKS_A_MS - atMs }, ARRIVALS_MS);
  }

  /** How long sound waits in the browser before it is heard. */
  buffer(ms: number): void {
    this.#bufferMs = ms;
  }

  /** The media time to show at `nowMs`, in ticks; null before anything has come. Never goes back, and drifts rather than jumps. */
  ticks(nowMs: number): number | null {
    const wanted = this.#wanted();
    if (wanted === null) return null;
    const away = this.#offsetMs === null ? Infinity : wanted - this.#offsetMs;
    const elapsedMs = Math.max(0, nowMs - this.#lastMs);
    this.#offsetMs = Math.abs(away) > JUMP_MS ? wanted : (this.#offsetMs ?? wanted) + away * (1 - Math.exp(-elapsedMs / SETTLE_MS));
    this.#lastMs = nowMs;
    const ticks = (nowMs + this.#offsetMs) * TICKS_A_MS;
    this.#lastTicks = Math.abs(away) > JUMP_MS ? ticks : Math.max(this.#lastTicks, ticks);
    return this.#lastTicks;
  }

  #wanted(): number | null {
    if (this.exact) return median(this.#heard.map(({ offsetMs }) => offsetMs));
    if (this.#arrivals.length === 0) return null;
    return Math.max(...this.#arrivals.map(({ offsetMs }) => offsetMs)) - (this.#bufferMs ?? 0);
  }
}

function push(offsets: Offset[], offset: Offset, keptMs: number): void {
  offsets.push(offset);
  while (offsets.length > LEAST_HEARD && (offsets[0]?.atMs ?? Infinity) < offset.atMs - keptMs) offsets.shift();
}
