import { describe, expect, it } from "vitest";
import { backoffMs } from "../src/backoff";
import { median, sample } from "../src/figures";

const report = (frames: number, bytes: number, delayS = 0, emitted = 0): [string, Record<string, unknown>][] => [
  ["a", { type: "inbound-rtp", kind: "audio", bytesReceived: 1_000, estimatedPlayoutTimestamp: 5_000, packetsLost: 1 }],
  ["v", {
    type: "inbound-rtp", kind: "video", bytesReceived: bytes, framesDecoded: frames, estimatedPlayoutTimestamp: 5_012,
    jitterBufferDelay: delayS, jitterBufferEmittedCount: emitted, frameWidth: 512, frameHeight: 512, packetsLost: 2, freezeCount: 1,
  }],
  ["p", { type: "candidate-pair", state: "succeeded", nominated: false, currentRoundTripTime: 0.5 }],
  ["q", { type: "candidate-pair", state: "succeeded", nominated: true, currentRoundTripTime: 0.004 }],
];

describe("figures", () => {
  it("are rates over the time between two looks, not over the whole call", () => {
    const first = sample(report(300, 100_000, 10, 300), 10_000, null);
    expect(first.figures).toMatchObject({ fps: null, kbps: null, roundTripMs: 4, avOffsetMs: 12, lostPackets: 3, freezes: 1, width: 512 });
    const { figures } = sample(report(360, 225_000, 10.6, 360), 12_000, first);
    expect(figures.fps).toBe(30);
    expect(figures.kbps).toBe(500);
    expect(figures.videoBufferMs).toBeCloseTo(10);
  });

  it("are empty where nothing is measured, and never made up", () => {
    expect(sample([], 0, null).figures).toMatchObject({ fps: null, roundTripMs: null, avOffsetMs: null, kbps: null, videoBufferMs: null });
  });

  it("take the median of offsets", () => {
    expect(median([])).toBeNull();
    expect(median([5, -3, 900])).toBe(5);
    expect(median([4, 2])).toBe(3);
  });
});

describe("backoff", () => {
  it("doubles from half a second to eight, within 15 percent", () => {
    expect([0, 1, 2, 3, 4, 9].map((attempt) => backoffMs(attempt, () => 0.5))).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    expect(backoffMs(2, () => 0)).toBe(1_700);
    expect(backoffMs(2, () => 1)).toBe(2_300);
  });
});
