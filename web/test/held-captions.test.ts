import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HeldCaptions } from "../src/held-captions";
import type { Transcript } from "../src/protocol";

const heard = (text: string, interrupted = false): Transcript => ({ type: "transcript", speaker: "agent", text, utterance: 1, final: interrupted, interrupted });

describe("captions held until their word is heard", () => {
  let shown: string[];
  let held: HeldCaptions;
  beforeEach(() => {
    vi.useFakeTimers();
    shown = [];
    held = new HeldCaptions(({ text }) => shown.push(text));
  });
  afterEach(() => vi.useRealTimers());

  it("come as late as the sound", () => {
    held.take(heard("Two"), 150, 1_000);
    vi.advanceTimersByTime(149);
    expect(shown).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(shown).toEqual(["Two"]);
  });

  it("keep their order when the delay shrinks", () => {
    held.take(heard("Two"), 300, 1_000);
    vi.advanceTimersByTime(10);
    held.take(heard("Two parrots"), 20, 1_010);
    vi.advanceTimersByTime(280);
    expect(shown).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(shown).toEqual(["Two", "Two parrots"]);
  });

  it("an interruption is told at once and nothing follows it", () => {
    held.take(heard("Two"), 200, 1_000);
    held.take(heard("T", true), 200, 1_050);
    vi.advanceTimersByTime(1_000);
    expect(shown).toEqual(["T"]);
  });

  it("never wait beyond reason, and go when the call goes", () => {
    held.take(heard("Two"), 60_000, 1_000);
    vi.advanceTimersByTime(600);
    expect(shown).toEqual(["Two"]);
    held.take(heard("Three"), 100, 2_000);
    held.drop();
    vi.advanceTimersByTime(1_000);
    expect(shown).toEqual(["Two"]);
  });
});
