/** Watches a live call once a second: the figures people see, and whether the call still lives. */

import { median, sample, type Figures, type Sample } from "./figures";
import type { Call } from "./call";

const PERIOD_MS = 1_000;
const SILENT_PERIODS = 2;
const DEAD_PERIODS = 6;
const OFFSETS = 5;

export type Live = Figures;

export interface MonitorEvents {
  onLive: (live: Live) => void;
  /** Asks the server whether it still holds the session. */
  alive: () => Promise<boolean>;
  onDead: () => void;
}

export class Monitor {
  readonly #timer: ReturnType<typeof setInterval>;
  #before: Sample | null = null;
  #silent = 0;
  #offsets: number[] = [];

  constructor(private readonly peer: Pick<Call, "report">, private readonly events: MonitorEvents) {
    this.#timer = setInterval(() => void this.look(performance.now()), PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look. Media that stopped for two periods is asked about; for six, the call is dead whatever the server says. */
  async look(atMs: number): Promise<void> {
    const now = sample(await this.peer.report(), atMs, this.#before);
    this.#silent = this.#before && now.bytes === this.#before.bytes ? this.#silent + 1 : 0;
    this.#before = now;
    const { avOffsetMs } = now.figures;
    if (avOffsetMs !== null) this.#offsets = [...this.#offsets, avOffsetMs].slice(-OFFSETS);
    this.events.onLive({ ...now.figures, avOffsetMs: median(this.#offsets) });
    if (this.#silent < SILENT_PERIODS) return;
    if (this.#silent >= DEAD_PERIODS || !(await this.events.alive())) {
      this.stop();
      this.events.onDead();
    }
  }
}
