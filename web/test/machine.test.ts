import { describe as group, expect, it } from "vitest";
import { describe as tell, initial, step, type Signal, type Snapshot } from "../src/machine";
import { iceFailed, lost, unreachable } from "../src/trouble";

const run = (...signals: Signal[]): Snapshot => signals.reduce(step, initial);
const away = unreachable("http://localhost:8700");
const toLive: Signal[] = [
  { type: "start", withMicrophone: true }, { type: "microphone_settled" }, { type: "answered" }, { type: "picture" },
];

group("the life of a call", () => {
  it("goes from a click to a picture", () => {
    const phases = toLive.map((_, i) => run(...toLive.slice(0, i + 1)).phase);
    expect(phases).toEqual(["microphone", "calling", "joining", "live"]);
  });

  it("does not ask for a microphone that is not wanted", () => {
    expect(run({ type: "start", withMicrophone: false }).phase).toBe("calling");
  });

  it("waits for a server that is away, counts the tries, and calls again when it is back", () => {
    const gone = run(...toLive, { type: "broke", trouble: lost(false) });
    expect(gone).toMatchObject({ phase: "away", attempt: 0, held: true });
    const still = [1, 2, 3].reduce((now) => step(now, { type: "still_away", trouble: lost(true) }), gone);
    expect(still).toMatchObject({ phase: "away", attempt: 3, trouble: lost(true) });
    const back = step(still, { type: "server_back" });
    expect(back).toMatchObject({ phase: "calling", attempt: 4, held: true });
    expect(tell(back)).toBe("Calling again…");
    expect([{ type: "answered" }, { type: "picture" }].reduce((now, signal) => step(now, signal as Signal), back)).toEqual({
      phase: "live", trouble: null, attempt: 0, held: true,
    });
  });

  it("knows a first try from a return", () => {
    const never = run({ type: "start", withMicrophone: false }, { type: "broke", trouble: away });
    expect(never).toMatchObject({ phase: "away", held: false, trouble: away });
    expect(tell(never)).toBe(away.title);
  });

  it("fails in words and starts afresh", () => {
    const failed = run(...toLive.slice(0, 3), { type: "failed", trouble: iceFailed });
    expect(failed).toMatchObject({ phase: "failed", trouble: iceFailed });
    expect(step(failed, { type: "start", withMicrophone: true })).toEqual({ phase: "microphone", trouble: null, attempt: 0, held: false });
  });

  it("can be ended from everywhere but the start", () => {
    for (let i = 1; i <= toLive.length; i++) expect(run(...toLive.slice(0, i), { type: "end" }).phase).toBe("ended");
    expect(run({ type: "end" })).toBe(initial);
  });

  it("is not moved by what comes late or twice", () => {
    const live = run(...toLive);
    for (const type of ["answered", "picture", "server_back", "microphone_settled"] as const) expect(step(live, { type })).toBe(live);
    expect(step(live, { type: "start", withMicrophone: true })).toBe(live);
    const ended = step(live, { type: "end" });
    expect(step(ended, { type: "broke", trouble: away })).toBe(ended);
    expect(step(ended, { type: "failed", trouble: iceFailed })).toBe(ended);
  });

  it("always has words while someone waits", () => {
    let now = initial;
    for (const signal of toLive) {
      now = step(now, signal);
      expect(tell(now)).not.toBe("");
    }
  });
});
