/** Which media time is being heard now: the clock by which a viewer that draws by itself shows the face. Pure: times come in.
 *
 * The browser says which moment of the sender's clock it plays (estimatedPlayoutTimestamp, by RTCP sender reports); the server says
 * which media time that clock stood at (event `clock`). Until both are known, and in browsers that do not say, the quickest frame's
 * arrival less the sound's buffer stands in.
 */

import { TICKS_HZ } from "./protocol";

const TICKS_A_MS = TICKS_HZ / 1000;
const SETTLE_MS = 400;
const JUMP_MS = 150;
const ARRIVALS_MS = 8_000;
const NTP_EPOCH_MS = 2_208_988_800_000;
/** Browsers count from 1900 or from 1970; nothing lies between. */
const LATEST_UNIX_MS = 3_000_000_000_000;

export class PlayoutClock {
  /** Media time 0 on the sender's clock, Unix ms. */
  #zeroMs: number | null = null;
  /** Media ms less performance.now() ms, by what is heard and by what arrives. */
  #heard: number | null = null;
  #arrivals: { atMs: number; offsetMs: number }[] = [];
  #bufferMs: number | null = null;
  #offsetMs: number | null = null;
  #lastMs = -Infinity;
  #lastTicks = -Infinity;

  /** True once the face follows the sound itself, not its arrival. */
  get exact(): boolean {
    return this.#heard !== null;
  }

  /** How far the face is from where it should be, positive where it is ahead of the sound, ms. */
  get errorMs(): number | null {
    const wanted = this.#wanted();
    return wanted === null || this.#offsetMs === null ? null : this.#offsetMs - wanted;
  }

  /** The event `clock`. */
  tell(tTicks: number, wallMs: number): void {
    this.#zeroMs = wallMs - tTicks / TICKS_A_MS;
  }

  /** At `atMs` the browser plays the sound of `playoutMs` on the sender's clock. */
  hear(playoutMs: number, atMs: number): void {
    const unixMs = playoutMs > LATEST_UNIX_MS ? playoutMs - NTP_EPOCH_MS : playoutMs;
    if (this.#zeroMs !== null) this.#heard = unixMs - this.#zeroMs - atMs;
  }

  /** A motion frame came. */
  arrive(tTicks: number, atMs: number): void {
    this.#arrivals.push({ atMs, offsetMs: tTicks / TICKS_A_MS - atMs });
    if (this.#arrivals.length > 4 && (this.#arrivals[0]?.atMs ?? atMs) < atMs - ARRIVALS_MS) this.#arrivals.shift();
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
    if (this.#heard !== null) return this.#heard;
    if (this.#arrivals.length === 0) return null;
    return Math.max(...this.#arrivals.map(({ offsetMs }) => offsetMs)) - (this.#bufferMs ?? 0);
  }
}
