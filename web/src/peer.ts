/** One WebRTC call: our offer, the server's answer, sound and picture (or motion) in, the microphone out, and the control channel. */

import { setDelay, type Call, type CallEvents } from "./call";
import { CONTROL_CHANNEL, MOTION_CHANNEL } from "./protocol";

const GATHERING_MS = 1_000;

/** Who makes the picture: the server sends video, or the viewer draws from the motion it is sent. */
export type Drawing = "server" | "viewer";

export interface Media {
  iceServers: RTCIceServer[];
  microphone: MediaStreamTrack | null;
  draw: Drawing;
}

export class Peer implements Call {
  readonly stream = new MediaStream();
  readonly #connection: RTCPeerConnection;
  readonly #control: RTCDataChannel;
  readonly #microphone: RTCRtpSender;
  #picture: RTCRtpReceiver | null = null;
  #sound: RTCRtpReceiver | null = null;
  #closed = false;

  constructor({ iceServers, microphone, draw }: Media, private readonly events: CallEvents) {
    this.#connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    // Both directions from the start: the microphone can come and go later without a new offer.
    this.#microphone = this.#connection.addTransceiver(microphone ?? "audio", { direction: "sendrecv" }).sender;
    this.#control = this.#connection.createDataChannel(CONTROL_CHANNEL, { ordered: true });
    if (draw === "server") this.#connection.addTransceiver("video", { direction: "recvonly" });
    else this.#openMotion();
    this.#listen();
  }

  /** The offer with its candidates: what is gathered within a second goes in (no trickle). */
  async offer(): Promise<string> {
    await this.#connection.setLocalDescription();
    await this.#gathered();
    return this.#connection.localDescription?.sdp ?? "";
  }

  async accept(answer: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: "answer", sdp: answer });
  }

  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    await this.#microphone.replaceTrack(track);
  }

  send(text: string): boolean {
    if (this.#control.readyState !== "open") return false;
    this.#control.send(text);
    return true;
  }

  async report(): Promise<Map<string, Record<string, unknown>>> {
    return (await this.#connection.getStats()) as unknown as Map<string, Record<string, unknown>>;
  }

  heard(): { rtpTimestamp: number; timestamp: number } | null {
    return this.#sound?.getSynchronizationSources()[0] ?? null;
  }

  setPictureDelay(ms: number): void {
    if (this.#picture) setDelay(this.#picture, ms);
  }

  close(): void {
    this.#closed = true;
    this.#control.close();
    this.#connection.close();
  }

  /** Old motion is worth nothing: what is lost stays lost. */
  #openMotion(): void {
    const motion = this.#connection.createDataChannel(MOTION_CHANNEL, { ordered: false, maxRetransmits: 0 });
    motion.binaryType = "arraybuffer";
    motion.addEventListener("message", ({ data }) => {
      if (data instanceof ArrayBuffer) this.events.onMotion(data);
    });
  }

  #listen(): void {
    const closed = (reason: "ice" | "closed"): void => {
      if (this.#closed) return;
      this.#closed = true;
      this.events.onClosed(reason);
    };
    this.#connection.addEventListener("track", ({ track, receiver }) => {
      setDelay(receiver, 0); // the smallest buffer; LipSync holds the picture back where the sound's is longer
      if (track.kind === "video") this.#picture = receiver;
      else this.#sound = receiver;
      this.stream.addTrack(track);
    });
    this.#connection.addEventListener("connectionstatechange", () => {
      const state = this.#connection.connectionState;
      if (state === "failed") closed("ice");
      if (state === "closed") closed("closed");
    });
    this.#control.addEventListener("open", () => this.events.onOpen());
    this.#control.addEventListener("close", () => closed("closed"));
    this.#control.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.events.onMessage(data);
    });
  }

  #gathered(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        if (this.#connection.iceGatheringState === "complete") resolve();
      };
      this.#connection.addEventListener("icegatheringstatechange", done);
      setTimeout(resolve, GATHERING_MS);
      done();
    });
  }
}
