/** A call's motion where the viewer draws: frames in, the face that belongs to the sound heard now out. */

import { TroubleError } from "./api";
import { sample, type Figures, type Sample } from "./figures";
import type { Call } from "./call";
import { PlayoutClock } from "./playout-clock";
import { Timeline } from "./timeline";
import { noMotion } from "./trouble";
import { decodeMotion, WireError, type MotionFrame } from "./wire";

const LOOK_MS = 400;
const HEAR_MS = 100;

export interface DrawnFigures {
  fps: number;
  /** Time in our own code for a picture, 95th percentile. */
  scriptMs: number;
  width: number;
  height: number;
}

export class Motion {
  readonly clock = new PlayoutClock();
  readonly #timeline = new Timeline();
  readonly #timers: ReturnType<typeof setInterval>[];
  #before: Sample | null = null;
  #soundMs = 0;
  #told: DrawnFigures | null = null;
  #came: () => void = () => undefined;

  constructor(private readonly peer: Pick<Call, "report" | "heard">) {
    this.#timers = [
      setInterval(() => void this.look(performance.now()), LOOK_MS),
      setInterval(() => this.hear(), HEAR_MS),
    ];
  }

  /** How long the sound waits in the browser before it is heard. */
  get soundMs(): number {
    return this.#soundMs;
  }

  /** Notes which sound is played now. */
  hear(): void {
    const heard = this.peer.heard();
    if (heard) this.clock.hear(heard.rtpTimestamp, heard.timestamp - performance.timeOrigin);
  }

  /** The face to show at `nowMs`, performance.now(); null before the first frame. */
  face(nowMs: number): MotionFrame | null {
    const ticks = this.clock.ticks(nowMs);
    return ticks === null ? null : this.#timeline.at(ticks);
  }

  take(data: ArrayBuffer, atMs: number): void {
    let frame: MotionFrame;
    try {
      frame = decodeMotion(data);
    } catch (error) {
      if (error instanceof WireError) return console.warn("visavis: dropped a motion frame:", error.message);
      throw error;
    }
    this.clock.arrive(frame.tTicks, atMs);
    this.#timeline.push(frame);
    this.#came();
  }

  /** Resolves with the first frame; rejects with the trouble where none comes. */
  first(withinMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#timeline.length > 0) return resolve();
      const timer = setTimeout(() => reject(new TroubleError(noMotion)), withinMs);
      this.#came = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  tell(figures: DrawnFigures): void {
    this.#told = figures;
  }

  /** What the drawing here replaces among the call's figures. */
  figures(): Partial<Figures> {
    const drawn = this.#told ? { fps: this.#told.fps, scriptMs: this.#told.scriptMs, width: this.#told.width, height: this.#told.height } : {};
    return { ...drawn, avOffsetMs: this.clock.exact ? this.clock.errorMs : null };
  }

  /** Asks the browser how long it holds the sound back. */
  async look(atMs: number): Promise<void> {
    const report = await this.peer.report();
    const now = sample(report, atMs, this.#before);
    if (this.#before !== null && now.figures.audioBufferMs !== null) this.clock.buffer((this.#soundMs = now.figures.audioBufferMs));
    this.#before = now;
  }

  stop(): void {
    this.#timers.forEach(clearInterval);
  }
}
