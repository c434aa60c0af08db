/** The picture: the video as large as it fits, and around it the colours of its own edges, so that it has no border. */

const AMBIENCE_PERIOD_MS = 1_000;
const EDGE = 0.03;
const UPPER = 0.5; // below, shoulders may reach the edge
const TOP = 0.12; // on a tall stage the colours stand above the picture, so only its top is asked

export class Stage {
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    readonly video: HTMLVideoElement,
    private readonly ambience: HTMLCanvasElement,
    private readonly still: HTMLCanvasElement,
    private readonly onBlocked: (blocked: boolean) => void,
  ) {
    video.addEventListener("resize", () => this.#fit());
    video.addEventListener("loadeddata", () => this.#paint());
  }

  /** Plays a call's stream; tells where the browser wants a gesture first. */
  async show(stream: MediaStream): Promise<void> {
    this.video.srcObject = stream;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#paint(), AMBIENCE_PERIOD_MS);
    await this.play();
  }

  async play(): Promise<void> {
    try {
      await this.video.play();
      this.onBlocked(false);
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.onBlocked(true);
      else if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    }
  }

  /** Keeps the last picture: a call that ends leaves the video black. */
  hold(): void {
    clearInterval(this.#timer);
    const { videoWidth: width, videoHeight: height } = this.video;
    if (width === 0 || this.video.ended) return;
    Object.assign(this.still, { width, height });
    this.still.getContext("2d")?.drawImage(this.video, 0, 0);
  }

  clear(): void {
    clearInterval(this.#timer);
    this.video.srcObject = null;
  }

  async setSpeaker(deviceId: string): Promise<void> {
    if ("setSinkId" in this.video) await this.video.setSinkId(deviceId);
  }

  #fit(): void {
    const { videoWidth, videoHeight } = this.video;
    if (videoHeight === 0) return;
    for (const { style } of [this.video, this.still]) style.setProperty("--aspect", String(videoWidth / videoHeight));
  }

  /** Two columns of eight pixels, the left and right edge of the picture's upper part, stretched by the browser. */
  #paint(): void {
    const { videoWidth: width, videoHeight: height } = this.video;
    const context = this.ambience.getContext("2d");
    if (!context || width === 0 || document.hidden) return;
    const rows = this.ambience.height;
    const part = height * (this.ambience.clientHeight > this.ambience.clientWidth ? TOP : UPPER);
    context.drawImage(this.video, 0, 0, width * EDGE, part, 0, 0, 1, rows);
    context.drawImage(this.video, width * (1 - EDGE), 0, width * EDGE, part, 1, 0, 1, rows);
  }
}
