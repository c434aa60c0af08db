/** The life of a call as one explicit state machine: pure, no clock and no browser. */

import type { Trouble } from "./trouble";

export type Phase =
  | "idle" // nothing started
  | "microphone" // the browser asks the user for the microphone
  | "calling" // the offer is on its way to the server
  | "joining" // the answer is here; media paths are tried, the first picture is awaited
  | "live"
  | "away" // the call broke; the server is polled and called again by itself
  | "failed" // the user must do something; `trouble` says what
  | "ended"; // the user hung up

export interface Snapshot {
  readonly phase: Phase;
  readonly trouble: Trouble | null;
  /** Tries since the call broke; 0 while it holds. */
  readonly attempt: number;
  /** True once the call has been live: what follows a break is a return, not a first try. */
  readonly held: boolean;
}

export type Signal =
  | { type: "start"; withMicrophone: boolean }
  | { type: "microphone_settled" }
  | { type: "answered" }
  | { type: "picture" }
  | { type: "broke"; trouble: Trouble }
  | { type: "still_away"; trouble: Trouble }
  | { type: "server_back" }
  | { type: "failed"; trouble: Trouble }
  | { type: "end" };

export const initial: Snapshot = { phase: "idle", trouble: null, attempt: 0, held: false };

type Moves = Record<Phase, Partial<Record<Signal["type"], Phase>>>;

const end = { end: "ended" } as const;
const moves: Moves = {
  idle: { start: "microphone" },
  microphone: { microphone_settled: "calling", ...end },
  calling: { answered: "joining", failed: "failed", broke: "away", ...end },
  joining: { picture: "live", failed: "failed", broke: "away", ...end },
  live: { broke: "away", failed: "failed", ...end },
  away: { server_back: "calling", still_away: "away", failed: "failed", ...end },
  failed: { start: "microphone", ...end },
  ended: { start: "microphone" },
};

/** The next snapshot. A signal that has no meaning in this phase (a late answer, a second click) changes nothing. */
export function step(now: Snapshot, signal: Signal): Snapshot {
  let phase = moves[now.phase][signal.type];
  if (phase === undefined) return now;
  if (signal.type === "start" && !signal.withMicrophone) phase = "calling";
  switch (signal.type) {
    case "start":
    case "end":
      return { phase, trouble: null, attempt: 0, held: false };
    case "failed":
      return { phase, trouble: signal.trouble, attempt: 0, held: false };
    case "broke":
      return { ...now, phase, trouble: signal.trouble };
    case "still_away":
      return { ...now, phase, trouble: signal.trouble, attempt: now.attempt + 1 };
    case "server_back":
      return { ...now, phase, attempt: now.attempt + 1 };
    case "picture":
      return { phase, trouble: null, attempt: 0, held: true };
    default:
      return { ...now, phase };
  }
}

export const busyPhases: ReadonlySet<Phase> = new Set(["microphone", "calling", "joining"]);

/** What is happening, for a person who waits. */
export function describe(snapshot: Snapshot): string {
  switch (snapshot.phase) {
    case "microphone": return "Asking your browser for the microphone…";
    case "calling": return snapshot.held ? "Calling again…" : "Calling the server…";
    case "joining": return "Opening sound and picture…";
    case "live": return "Connected";
    case "away":
    case "failed": return snapshot.trouble?.title ?? "";
    case "ended": return "The call has ended";
    case "idle": return "";
  }
}
