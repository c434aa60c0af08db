/** The picture: the video as large as it fits, and over its edges their own colours, so that it has no border. */

const AMBIENCE_PERIOD_MS = 1_000;
const AMBIENCE_WIDTH = 160; // it is blurred by being stretched
const EDGE = 0.03;
const EDGE_ROWS = 8;
const UPPER = 0.5; // below, shoulders may reach the edge
const TOP = 0.12; // on a tall stage the colours stand above the picture, so only its top is asked
const SEAM = 1.5; // of its pixels: a stretched pixel must not reach past the video to what lies behind
const SOFT_SIDES = 0.13;
const SOFT_TOP = 0.09;

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface StageParts {
  video: HTMLVideoElement;
  /** Over the video: opaque around the person, clear where they are. One plain layer costs a third of a mask on moving video. */
  ambience: HTMLCanvasElement;
  still: HTMLCanvasElement;
}

/** The name of the browser's refusal, or null where it plays (or is just being given another stream). */
async function tryToPlay(video: HTMLVideoElement): Promise<string | null> {
  try {
    await video.play();
    return null;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return error.name === "AbortError" ? null : error.name;
  }
}

export class Stage {
  readonly #edges = Object.assign(document.createElement("canvas"), { width: 2, height: EDGE_ROWS });
  readonly #hole = document.createElement("canvas");
  readonly #resized = new ResizeObserver(() => this.#paint());
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly parts: StageParts, private readonly onBlocked: (blocked: boolean) => void) {
    parts.video.addEventListener("resize", () => this.#fit());
    parts.video.addEventListener("loadeddata", () => this.#paint());
  }

  /** Plays a call's stream; tells where the browser wants a gesture first. */
  async show(stream: MediaStream): Promise<void> {
    this.parts.video.srcObject = stream;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#paint(), AMBIENCE_PERIOD_MS);
    this.#resized.observe(this.parts.video);
    await this.play();
  }

  /** With sound where the browser allows it, else the picture alone until a gesture calls this again. */
  async play(): Promise<void> {
    const { video } = this.parts;
    video.muted = false;
    let refusal = await tryToPlay(video);
    if (refusal === "NotAllowedError") {
      video.muted = true;
      refusal = await tryToPlay(video);
    }
    this.onBlocked(video.muted || refusal === "NotAllowedError");
  }

  /** Keeps the last picture: a call that ends leaves the video black. */
  hold(): void {
    this.#stop();
    const { video, still } = this.parts;
    if (video.videoWidth === 0 || video.ended) return;
    Object.assign(still, { width: video.videoWidth, height: video.videoHeight });
    still.getContext("2d")?.drawImage(video, 0, 0);
  }

  clear(): void {
    this.#stop();
    this.onBlocked(false);
    this.parts.video.srcObject = null;
  }

  async setSpeaker(deviceId: string): Promise<void> {
    if ("setSinkId" in this.parts.video) await this.parts.video.setSinkId(deviceId);
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#resized.disconnect();
  }

  #fit(): void {
    const { video, still } = this.parts;
    if (video.videoHeight === 0) return;
    for (const { style } of [video, still]) style.setProperty("--aspect", String(video.videoWidth / video.videoHeight));
  }

  #paint(): void {
    const { video, ambience } = this.parts;
    const { clientWidth, clientHeight } = ambience;
    const context = ambience.getContext("2d");
    if (!context || video.readyState < video.HAVE_CURRENT_DATA || video.videoWidth === 0 || clientWidth === 0 || document.hidden) return;
    const scale = AMBIENCE_WIDTH / clientWidth;
    const width = AMBIENCE_WIDTH;
    const height = Math.round(clientHeight * scale);
    if (ambience.width !== width || ambience.height !== height) Object.assign(ambience, { width, height });
    this.#sampleEdges(clientHeight > clientWidth ? TOP : UPPER);
    context.globalCompositeOperation = "copy";
    context.drawImage(this.#edges, 0, 0, width, height);
    const box = { width: video.offsetWidth * scale, height: video.offsetHeight * scale };
    const inside = { x: (width - box.width) / 2 + SEAM, y: height - box.height + SEAM, width: box.width - 2 * SEAM, height: box.height };
    this.#cutHole(width, height, inside);
    context.globalCompositeOperation = "destination-out";
    context.drawImage(this.#hole, 0, 0);
  }

  /** Two columns of a few pixels: the left and the right edge of the picture's upper part. */
  #sampleEdges(part: number): void {
    const { video } = this.parts;
    const { videoWidth: width, videoHeight: height } = video;
    const context = this.#edges.getContext("2d");
    context?.drawImage(video, 0, 0, width * EDGE, height * part, 0, 0, 1, EDGE_ROWS);
    context?.drawImage(video, width * (1 - EDGE), 0, width * EDGE, height * part, 1, 0, 1, EDGE_ROWS);
  }

  /** Opaque where the person is to be seen, with soft sides and a soft top. */
  #cutHole(width: number, height: number, box: Box): void {
    const hole = this.#hole;
    Object.assign(hole, { width, height });
    const context = hole.getContext("2d");
    if (!context) return;
    const across = context.createLinearGradient(box.x, 0, box.x + box.width, 0);
    const down = context.createLinearGradient(0, box.y, 0, box.y + box.height * SOFT_TOP);
    const clear = "rgb(0 0 0 / 0)";
    for (const [at, colour] of [[0, clear], [SOFT_SIDES, "#000"], [1 - SOFT_SIDES, "#000"], [1, clear]] as const) across.addColorStop(at, colour);
    for (const [at, colour] of [[0, clear], [1, "#000"]] as const) down.addColorStop(at, colour);
    context.fillStyle = across;
    context.fillRect(box.x, box.y, box.width, box.height);
    context.globalCompositeOperation = "destination-in";
    context.fillStyle = down;
    context.fillRect(0, 0, width, height);
  }
}
