import { describe, expect, it, vi } from "vitest";
import { LipSync, nextDelayMs } from "../src/lip-sync";

/** A browser whose sound plays `soundMs` behind, and whose picture follows its asked delay by at most 40 ms a look. */
class Browser {
  pictureMs = 10;
  asked = 0;
  constructor(public soundMs: number) {}

  report(): Promise<Map<string, Record<string, unknown>>> {
    const target = Math.max(10, this.asked);
    this.pictureMs += Math.max(-40, Math.min(40, target - this.pictureMs));
    return Promise.resolve(new Map<string, Record<string, unknown>>([
      ["a", { type: "inbound-rtp", kind: "audio", estimatedPlayoutTimestamp: 1_000_000 - this.soundMs }],
      ["v", { type: "inbound-rtp", kind: "video", estimatedPlayoutTimestamp: 1_000_000 - this.pictureMs }],
    ]));
  }

  setPictureDelay(ms: number): void {
    this.asked = ms;
  }
}

async function looks(browser: Browser, count: number, lipSync: LipSync): Promise<number[]> {
  const offsets: number[] = [];
  for (let i = 0; i < count; i++) {
    await lipSync.adjust(i * 400);
    offsets.push(browser.soundMs - browser.pictureMs);
  }
  return offsets;
}

describe("lip sync", () => {
  it("holds the picture back until it is in step, and stays there", async () => {
    vi.useFakeTimers();
    const browser = new Browser(280);
    const lipSync = new LipSync(browser);
    const offsets = await looks(browser, 30, lipSync);
    expect(offsets[0]).toBe(270);
    for (const offset of offsets.slice(18)) expect(Math.abs(offset)).toBeLessThanOrEqual(6);
    browser.soundMs = 80;
    for (const offset of (await looks(browser, 30, lipSync)).slice(18)) expect(Math.abs(offset)).toBeLessThanOrEqual(6);
    lipSync.stop();
    vi.useRealTimers();
  });

  it("leaves small offsets alone and keeps within bounds", () => {
    expect(nextDelayMs(30, 4)).toBe(30);
    expect(nextDelayMs(30, -4)).toBe(30);
    expect(nextDelayMs(10, -400)).toBe(0);
    expect(nextDelayMs(490, 400)).toBe(500);
    expect(nextDelayMs(0, 20)).toBeCloseTo(12);
  });
});
