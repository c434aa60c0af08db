/** What a client tells those who listen. */

import type { Line } from "./captions";
import type { Snapshot } from "./machine";
import type { Live } from "./monitor";
import type { ErrorEvent, SessionEvent, State } from "./protocol";
import type { MicrophoneTrouble } from "./trouble";

export interface ClientEvents {
  phase: Snapshot;
  /** What the agent is doing and who stands for it. */
  agent: State;
  /** Who will be called, where no call is open. */
  chosen: string;
  /** A caption that is new or has grown. */
  caption: Line;
  live: Live;
  /** A line from the server about something it refused. */
  refused: ErrorEvent;
  microphone: MicrophoneTrouble | null;
  /** Sound and picture to show; a new one after each call. */
  stream: MediaStream;
  /** When the next try is due, performance.now() in ms. */
  retry: number;
}

/** An event with the time it took effect, performance.now() in ms: a caption when its word is heard, all else as it comes. */
export interface TimedEvent {
  atMs: number;
  event: SessionEvent;
}
