/** Live figures from the browser's own measurements (RTCStatsReport), reduced to what a person may want to see. */

import { pathOf } from "./path";

export interface Figures {
  /** Decoded pictures a second. */
  fps: number | null;
  roundTripMs: number | null;
  /** Positive: the picture is ahead of the sound, as played. */
  avOffsetMs: number | null;
  /** Mean wait in the browser's buffer over the last interval, picture and sound. */
  videoBufferMs: number | null;
  audioBufferMs: number | null;
  kbps: number | null;
  /** Which way the network let it through, as "UDP" or "TURN/TLS". */
  path: string | null;
  /** Time in our own code for a picture drawn here. */
  scriptMs?: number;
  lostPackets: number;
  freezes: number;
  width: number;
  height: number;
}

export interface Sample {
  atMs: number;
  bytes: number;
  channelBytes: number;
  videoDelayS: number;
  videoEmitted: number;
  audioDelayS: number;
  audioEmitted: number;
  frames: number;
  figures: Figures;
}

type Report = Iterable<[string, Record<string, unknown>]>;

const number = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);
const count = (value: unknown): number => number(value) ?? 0;

function meanMs(delayS: number, emitted: number): number | null {
  return emitted > 0 ? (1000 * delayS) / emitted : null;
}

function roundTripMs(rows: Record<string, unknown>[]): number | null {
  const pairs = rows.filter((row) => row.type === "candidate-pair" && row.state === "succeeded");
  const pair = pairs.find((row) => row.nominated === true) ?? pairs[0];
  const seconds = number(pair?.currentRoundTripTime);
  return seconds === null ? null : 1000 * seconds;
}

/** What came over the data channels, motion above all. */
function channelBytes(rows: Record<string, unknown>[]): number {
  return rows.reduce((sum, row) => sum + (row.type === "data-channel" ? count(row.bytesReceived) : 0), 0);
}

/** One sample at `atMs`; rates are over the time since `before`. */
export function sample(report: Report, atMs: number, before: Sample | null): Sample {
  const rows = Array.from(report, ([, row]) => row);
  const inbound = (kind: string): Record<string, unknown> =>
    rows.find((row) => row.type === "inbound-rtp" && row.kind === kind) ?? {};
  const video = inbound("video");
  const audio = inbound("audio");
  const now = {
    atMs,
    bytes: count(video.bytesReceived) + count(audio.bytesReceived),
    channelBytes: channelBytes(rows),
    videoDelayS: count(video.jitterBufferDelay),
    videoEmitted: count(video.jitterBufferEmittedCount),
    audioDelayS: count(audio.jitterBufferDelay),
    audioEmitted: count(audio.jitterBufferEmittedCount),
    frames: count(video.framesDecoded),
  };
  const elapsedS = before ? (atMs - before.atMs) / 1000 : 0;
  const rate = (total: number, earlier: number | null | undefined): number | null =>
    elapsedS > 0 && earlier != null ? Math.max(0, total - earlier) / elapsedS : null;
  const videoPlays = number(video.estimatedPlayoutTimestamp);
  const audioPlays = number(audio.estimatedPlayoutTimestamp);
  const bytesRate = rate(now.bytes + now.channelBytes, before && before.bytes + before.channelBytes);
  return {
    ...now,
    figures: {
      fps: rate(now.frames, before?.frames),
      roundTripMs: roundTripMs(rows),
      avOffsetMs: videoPlays !== null && audioPlays !== null ? videoPlays - audioPlays : null,
      videoBufferMs: meanMs(now.videoDelayS - (before?.videoDelayS ?? 0), now.videoEmitted - (before?.videoEmitted ?? 0)),
      audioBufferMs: meanMs(now.audioDelayS - (before?.audioDelayS ?? 0), now.audioEmitted - (before?.audioEmitted ?? 0)),
      path: pathOf(new Map(report)),
      kbps: bytesRate === null ? null : (bytesRate * 8) / 1000,
      lostPackets: count(video.packetsLost) + count(audio.packetsLost),
      freezes: count(video.freezeCount),
      width: count(video.frameWidth),
      height: count(video.frameHeight),
    },
  };
}

/** The median of the last few offsets: one late packet must not make the figure jump. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? null) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
