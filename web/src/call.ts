/** What a call is to the client, whichever way it goes: straight to the server (peer.ts) or through a LiveKit room (room-call.ts). */

import { TroubleError } from "./api";
import { noPicture } from "./trouble";
import { pause } from "./waiting";

const POLL_MS = 60;

export interface CallEvents {
  /** An event, as JSON text. */
  onMessage: (text: string) => void;
  /** A motion frame, where the viewer draws. */
  onMotion: (frame: ArrayBuffer) => void;
  /** The path is open, control included. */
  onOpen: () => void;
  /** The path closed or failed, at any time after the start. */
  onClosed: (reason: "ice" | "closed") => void;
}

export interface Call {
  /** Sound and picture, in one stream so that the browser plays them in step. */
  readonly stream: MediaStream;
  /** False where nothing can be sent now; nothing is queued for later. */
  send(text: string): boolean;
  report(): Promise<Map<string, Record<string, unknown>>>;
  /** Which RTP timestamp of the sound was played last, and when (on performance.timeOrigin's clock). */
  heard(): { rtpTimestamp: number; timestamp: number } | null;
  setMicrophone(track: MediaStreamTrack | null): Promise<void>;
  /** Holds the picture back by so much. */
  setPictureDelay(ms: number): void;
  close(): void;
}

/** Resolves once a picture has been decoded; throws the trouble where none is. */
export async function firstPicture(call: Pick<Call, "report">, withinMs: number, signal: AbortSignal): Promise<void> {
  const until = performance.now() + withinMs;
  while (performance.now() < until) {
    for (const row of (await call.report()).values()) {
      if (row.type === "inbound-rtp" && row.kind === "video" && Number(row.framesDecoded) > 0) return;
    }
    await pause(POLL_MS);
    signal.throwIfAborted();
  }
  throw new TroubleError(noPicture);
}

/** Asks the browser to hold back at least this much; nothing where it cannot be asked. */
export function setDelay(receiver: RTCRtpReceiver, ms: number): void {
  if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = ms;
  else if ("playoutDelayHint" in receiver) (receiver as { playoutDelayHint: number }).playoutDelayHint = ms / 1000;
}
