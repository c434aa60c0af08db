/** The user's microphone: asked for once, muted without letting go, and its level for the ring that shows listening. */

import { microphoneTrouble, type MicrophoneTrouble, type MicrophoneTroubleCode } from "./trouble";

const WANTED: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

function codeOf(error: unknown): MicrophoneTroubleCode {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError": return "denied";
    case "NotFoundError":
    case "OverconstrainedError": return "missing";
    case "NotReadableError":
    case "AbortError": return "in_use";
    default: return "unknown";
  }
}

export class Microphone {
  track: MediaStreamTrack | null = null;
  trouble: MicrophoneTrouble | null = null;
  #muted = false;
  #context: AudioContext | null = null;
  #analyser: AnalyserNode | null = null;
  #window: Float32Array<ArrayBuffer> | null = null;

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    if (this.track) this.track.enabled = !muted;
  }

  /** The chosen device's id, or null where the browser chooses. */
  get deviceId(): string | null {
    return this.track?.getSettings().deviceId ?? null;
  }

  /** Opens (or changes to) a microphone. On failure `trouble` says why and the old one, if any, stays. */
  async open(deviceId: string | null = null): Promise<MediaStreamTrack | null> {
    if (!globalThis.isSecureContext || !("mediaDevices" in navigator)) return this.#refuse("insecure");
    try {
      const wanted = deviceId ? { ...WANTED, deviceId: { exact: deviceId } } : WANTED;
      const stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
      const track = stream.getAudioTracks()[0];
      if (!track) return this.#refuse("missing");
      this.close();
      this.trouble = null;
      this.track = track;
      track.enabled = !this.#muted;
      this.#measure(stream);
      return track;
    } catch (error) {
      return this.#refuse(codeOf(error));
    }
  }

  close(): void {
    this.track?.stop();
    this.track = null;
    void this.#context?.close();
    this.#context = this.#analyser = null;
  }

  /** Loudness now, 0 to 1 on a scale of decibels (-60 dBFS is 0); 0 while muted. */
  level(): number {
    if (!this.#analyser || !this.#window || this.#muted) return 0;
    this.#analyser.getFloatTimeDomainData(this.#window);
    let power = 0;
    for (const value of this.#window) power += value * value;
    const decibels = 10 * Math.log10(power / this.#window.length + 1e-9);
    return Math.min(1, Math.max(0, 1 + decibels / 60));
  }

  #measure(stream: MediaStream): void {
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#window = new Float32Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
  }

  #refuse(code: MicrophoneTroubleCode): null {
    this.trouble = microphoneTrouble(code, location.origin);
    return null;
  }
}
