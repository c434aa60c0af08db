/** Live figures: what the browser measures, then what the server does. */

import type { Live } from "../monitor";
import type { Stats } from "../protocol";

const NONE = "–";
const ms = (value: number | null | undefined): string => (value == null ? NONE : `${value.toFixed(value < 10 ? 1 : 0)} ms`);
const signed = (value: number | null | undefined): string => (value == null ? NONE : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(0)} ms`);

type Row = [key: string, label: string, explanation: string, value: (live: Live | null, stats: Stats | null) => string];

const ROWS: Row[] = [
  ["fps", "Frames", "Pictures decoded or drawn here, a second", (live) => (live?.fps == null ? NONE : `${live.fps.toFixed(0)} fps`)],
  ["round_trip", "Round trip", "To the server and back", (live) => ms(live?.roundTripMs)],
  ["path", "Way", "How sound and picture get through the network", (live) => live?.path ?? NONE],
  ["av_offset", "A/V offset", "Picture against sound as played here; + is picture first", (live) => signed(live?.avOffsetMs)],
  ["response", "Response", "From the end of your words to the first sound of the reply", (_, stats) => ms(stats?.response_ms)],
  ["buffer", "Buffer", "What the browser holds back, picture and sound", (live) => (live?.videoBufferMs == null ? NONE : `${live.videoBufferMs.toFixed(0)} + ${(live.audioBufferMs ?? 0).toFixed(0)} ms`)],
  ["rate", "Received", "Sound and picture", (live) => (live?.kbps == null ? NONE : `${live.kbps.toFixed(0)} kbit/s`)],
  ["size", "Picture", "Size in pixels", (live) => (live?.width ? `${live.width} × ${live.height}` : NONE)],
  ["script", "Drawn here", "Time in our code for a picture drawn on this device, 95th percentile", (live) => ms(live?.scriptMs)],
  ["draw", "Drawing", "One frame on the server, median and 95th percentile", (_, stats) => (stats ? `${stats.frame_ms_p50.toFixed(1)} / ${stats.frame_ms_p95.toFixed(1)} ms` : NONE)],
  ["detail", "Detail", "How finely the person is drawn: less than all while the server is busy", (_, stats) => (stats?.drawn_share !== undefined ? `${(100 * stats.drawn_share).toFixed(0)} %` : NONE)],
  ["gap", "Frame gap", "Between frames at the server, 95th percentile", (_, stats) => ms(stats?.gap_ms_p95)],
  ["late", "Late frames", "Frames the server could not finish in time", (_, stats) => (stats ? String(stats.late_frames) : NONE)],
  ["sessions", "Calls", "Held by the server now", (_, stats) => (stats ? String(stats.sessions) : NONE)],
];
const FIRST_OF_SERVER = "draw";

export class FiguresPanel {
  readonly #values = new Map<string, HTMLElement>();

  constructor(box: HTMLElement) {
    const list = document.createElement("dl");
    for (const [key, label, explanation] of ROWS) {
      const term = document.createElement("dt");
      const value = document.createElement("dd");
      term.textContent = label;
      term.title = explanation;
      if (key === FIRST_OF_SERVER) for (const cell of [term, value]) cell.className = "first";
      value.dataset.figure = key;
      list.append(term, value);
      this.#values.set(key, value);
    }
    box.append(list);
    this.show(null, null);
  }

  show(live: Live | null, stats: Stats | null): void {
    for (const [key, , , value] of ROWS) {
      const cell = this.#values.get(key);
      if (cell) cell.textContent = value(live, stats);
    }
  }
}
