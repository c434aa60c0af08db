import { describe, expect, it } from "vitest";
import { Timeline } from "../src/timeline";
import type { MotionFrame } from "../src/wire";

const frame = (tTicks: number, value = tTicks): MotionFrame => ({
  tTicks, generation: 1, weights: Float32Array.of(value, 0), headRotation: Float32Array.of(value, 0, 0), headTranslation: new Float32Array(3), gaze: new Float32Array(4),
});

describe("motion frames", () => {
  it("are shown between their neighbours, whatever order they came in", () => {
    const timeline = new Timeline();
    for (const t of [1600, 0, 800, 800]) timeline.push(frame(t));
    expect(timeline.length).toBe(3);
    expect(timeline.at(400)?.weights[0]).toBe(400);
    expect(timeline.at(1200)?.headRotation[0]).toBe(1200);
    expect(timeline.at(800)?.tTicks).toBe(800);
  });

  it("hold the first and the last where time leaves them", () => {
    const timeline = new Timeline();
    expect(timeline.at(5)).toBeNull();
    timeline.push(frame(800));
    timeline.push(frame(1600));
    expect(timeline.at(0)?.tTicks).toBe(800);
    expect(timeline.at(9_999)?.tTicks).toBe(1600);
  });

  it("are bridged where some were lost", () => {
    const timeline = new Timeline();
    timeline.push(frame(0));
    timeline.push(frame(8_000));
    expect(timeline.at(2_000)?.weights[0]).toBe(2_000);
  });

  it("are let go when their time is over, and never pile up", () => {
    const timeline = new Timeline();
    for (let t = 0; t < 500; t++) timeline.push(frame(800 * t));
    expect(timeline.length).toBe(240);
    timeline.at(800 * 499);
    expect(timeline.length).toBeLessThan(20);
  });
});
