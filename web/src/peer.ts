/** One WebRTC call: our offer, the server's answer, two tracks in, the microphone out, and the control channel. */

import { CONTROL_CHANNEL } from "./protocol";

const GATHERING_MS = 1_000;

export interface PeerEvents {
  onMessage: (text: string) => void;
  /** The path is open, control included. */
  onOpen: () => void;
  /** The path closed or failed, at any time after the start. */
  onClosed: (reason: "ice" | "closed") => void;
}

export class Peer {
  /** The server's sound and picture, in one stream so that the browser plays them in step. */
  readonly stream = new MediaStream();
  readonly #connection: RTCPeerConnection;
  readonly #control: RTCDataChannel;
  readonly #microphone: RTCRtpSender;
  #picture: RTCRtpReceiver | null = null;
  #closed = false;

  constructor(iceServers: RTCIceServer[], microphone: MediaStreamTrack | null, private readonly events: PeerEvents) {
    this.#connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    // Both directions from the start: the microphone can come and go later without a new offer.
    this.#microphone = this.#connection.addTransceiver(microphone ?? "audio", { direction: "sendrecv" }).sender;
    this.#connection.addTransceiver("video", { direction: "recvonly" });
    this.#control = this.#connection.createDataChannel(CONTROL_CHANNEL, { ordered: true });
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

  /** False where the channel is not open; nothing is queued for later. */
  send(text: string): boolean {
    if (this.#control.readyState !== "open") return false;
    this.#control.send(text);
    return true;
  }

  async report(): Promise<Map<string, Record<string, unknown>>> {
    return (await this.#connection.getStats()) as unknown as Map<string, Record<string, unknown>>;
  }

  setPictureDelay(ms: number): void {
    if (this.#picture) setDelay(this.#picture, ms);
  }

  close(): void {
    this.#closed = true;
    this.#control.close();
    this.#connection.close();
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

/** Asks the browser to hold back at least this much; nothing where it cannot be asked. */
function setDelay(receiver: RTCRtpReceiver, ms: number): void {
  if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = ms;
  else if ("playoutDelayHint" in receiver) (receiver as { playoutDelayHint: number }).playoutDelayHint = ms / 1000;
}
