/** The picture where it is drawn here: one canvas over the whole stage, at the display's rate, by the clock of the sound that is heard. */

import type { VisavisClient } from "../client";
import type { FaceView } from "../draw";

const FIT = 1.38; // a tall stage shows this much of the picture's width, as the video does
const SOFT = [0.13, 0.09] as const;
const MOST_DENSITY = 2;
const LEAST_DENSITY = 0.4;
const COARSER = 0.75;
const SLOW_MS = 42; // between pictures: below 24 a second a smaller canvas is worth it
const WINDOW_MS = 1_500;
const TELL_MS = 1_000;

export class DrawnStage {
  #view: FaceView | null = null;
  #avatar = "";
  #asked = "";
  #raf = 0;
  #density = 1;
  #lastMs = 0;
  #toldMs = 0;
  #gapsMs: number[] = [];
  #scriptMs: number[] = [];

  constructor(private readonly canvas: HTMLCanvasElement, private readonly client: VisavisClient) {}

  /** Whether this browser can draw at all. */
  static get possible(): boolean {
    return document.createElement("canvas").getContext("webgl2") !== null;
  }

  /** Loads what draws, and the person. The last one asked for is shown. */
  async show(avatar: string): Promise<void> {
    if (avatar === this.#avatar) return;
    this.#asked = avatar;
    const [{ FaceView, decodeModel }, data] = await Promise.all([import("../draw"), this.client.model(avatar)]);
    if (this.#asked !== avatar) return;
    const model = decodeModel(data);
    this.#view ??= new FaceView(this.canvas);
    this.#view.show(model);
    this.#avatar = avatar;
  }

  start(): void {
    this.canvas.hidden = false;
    this.#density = Math.min(MOST_DENSITY, devicePixelRatio);
    this.#gapsMs = [];
    cancelAnimationFrame(this.#raf);
    this.#raf = requestAnimationFrame(this.#tick);
  }

  stop(): void {
    cancelAnimationFrame(this.#raf);
  }

  /** Gives the canvas back to a picture that the server draws. */
  hide(): void {
    this.stop();
    this.canvas.hidden = true;
  }

  /** Stops, and keeps the last picture in `still`: a graphics card forgets its own. */
  hold(still: HTMLCanvasElement): void {
    this.stop();
    this.#draw(performance.now());
    Object.assign(still, { width: this.canvas.width, height: this.canvas.height });
    still.getContext("2d")?.drawImage(this.canvas, 0, 0);
  }

  readonly #tick = (): void => {
    this.#raf = requestAnimationFrame(this.#tick);
    const nowMs = performance.now();
    this.#draw(nowMs);
    this.#scriptMs.push(performance.now() - nowMs);
    this.#pace(nowMs);
  };

  #draw(nowMs: number): void {
    const face = this.client.motion?.face(nowMs);
    const { clientWidth, clientHeight } = this.canvas;
    if (!face || !this.#view || clientWidth === 0 || clientHeight === 0) return;
    const width = Math.round(clientWidth * this.#density);
    const height = Math.round(clientHeight * this.#density);
    const side = Math.min(height, FIT * width);
    this.#view.resize(width, height);
    this.#view.draw(face, { x: (width - side) / 2, y: height - side, width: side, height: side, soft: SOFT });
  }

  /** Notes how it goes; where pictures come slowly, fewer pixels are drawn from then on. */
  #pace(nowMs: number): void {
    if (this.#lastMs > 0 && nowMs - this.#lastMs < 1_000) this.#gapsMs.push(nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    if (this.#gapsMs.reduce((sum, gap) => sum + gap, 0) >= WINDOW_MS) {
      if (middle(this.#gapsMs, 0.5) > SLOW_MS && this.#density > LEAST_DENSITY) this.#density *= COARSER;
      this.#gapsMs = [];
    }
    if (nowMs - this.#toldMs < TELL_MS) return;
    const seconds = (nowMs - this.#toldMs) / 1_000;
    this.client.motion?.tell({
      fps: this.#scriptMs.length / seconds, scriptMs: middle(this.#scriptMs, 0.95), width: this.canvas.width, height: this.canvas.height,
    });
    this.#toldMs = nowMs;
    this.#scriptMs = [];
  }
}

/** The value below which a share of the values lie. */
function middle(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}
