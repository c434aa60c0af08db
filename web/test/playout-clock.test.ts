import { describe, expect, it } from "vitest";
import { PlayoutClock } from "../src/playout-clock";

const MS = 48;
const RTP_ZERO = 4_294_960_000; // it wraps within the first 200 ms

/** Sound of media time t is heard `soundMs` after it was sent at 1000 + t ms; motion arrives `lateMs` after. */
function live(clock: PlayoutClock, untilMs: number, { soundMs = 120, lateMs = (n: number): number => 5 + (n % 7) * 4, told = true } = {}): void {
  if (told) clock.tell(RTP_ZERO);
  for (let t = 0, n = 0; t < untilMs; t += 1000 / 60, n++) {
    clock.arrive(Math.round(t * MS), 1000 + t + lateMs(n));
    if (n % 6 === 0) clock.hear((RTP_ZERO + Math.round(t * MS)) % 2 ** 32, 1000 + t + soundMs + (n % 2) * 10);
    clock.ticks(1000 + t);
  }
}

describe("the playout clock", () => {
  it("knows nothing before anything has come", () => {
    expect(new PlayoutClock().ticks(5)).toBeNull();
  });

  it("follows the sound that is heard, not when motion arrives, over a wrap of the RTP time", () => {
    const clock = new PlayoutClock();
    live(clock, 4_000);
    expect(clock.exact).toBe(true);
    const ticks = clock.ticks(5_000)!;
    expect(Math.abs(ticks / MS - (4_000 - 125))).toBeLessThan(12);
    expect(Math.abs(clock.errorMs!)).toBeLessThan(5);
  });

  it("goes by arrival less the sound's buffer until it is told", () => {
    const clock = new PlayoutClock();
    clock.buffer(80);
    live(clock, 2_000, { told: false });
    expect(clock.exact).toBe(false);
    expect(clock.ticks(3_000)! / MS).toBeCloseTo(2_000 - 5 - 80, -1);
  });

  it("drifts to a new delay without going back, and jumps only where it is far off", () => {
    const clock = new PlayoutClock();
    live(clock, 3_000);
    let before = clock.ticks(4_000)!;
    for (let n = 0; n < 40; n++) {
      const t = 3_000 + n * 100;
      clock.hear((RTP_ZERO + t * MS) % 2 ** 32, 1000 + t + 200);
      clock.arrive(t * MS, 1000 + t + 5);
      const now = clock.ticks(1000 + t + 16)!;
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
    expect(Math.abs(clock.errorMs!)).toBeLessThan(6);
    for (let n = 0; n < 30; n++) clock.hear((RTP_ZERO + (9_000 + n * 100) * MS) % 2 ** 32, 10_000 + n * 100 + 900);
    clock.arrive(12_000 * MS, 13_000);
    expect(Math.abs(clock.ticks(13_000)! / MS - 11_100)).toBeLessThan(20);
  });
});
