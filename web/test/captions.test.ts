import { describe, expect, it } from "vitest";
import { Captions, MAX_LINES } from "../src/captions";
import type { Transcript } from "../src/protocol";

const said = (speaker: "user" | "agent", text: string, utterance: number, more: Partial<Transcript> = {}): Transcript => ({
  type: "transcript", speaker, text, utterance, final: false, ...more,
});

describe("captions", () => {
  it("grow word by word in one line", () => {
    const captions = new Captions();
    captions.hear(said("agent", "Good", 1));
    captions.hear(said("agent", "Good morning.", 1, { final: true }));
    expect(captions.lines).toHaveLength(1);
    expect(captions.latest("agent")).toMatchObject({ text: "Good morning.", final: true, interrupted: false });
  });

  it("keep the speakers apart although both count from one", () => {
    const captions = new Captions();
    captions.hear(said("user", "Hi", 1, { final: true }));
    captions.hear(said("agent", "Hello", 1));
    expect(captions.lines.map(({ speaker, text }) => [speaker, text])).toEqual([["user", "Hi"], ["agent", "Hello"]]);
  });

  it("do not double what was typed when the server says it back", () => {
    const captions = new Captions();
    captions.type("Who are you?");
    captions.hear(said("user", "Who are you?", 3, { final: true }));
    captions.hear(said("user", "Who are you?", 4, { final: true }));
    expect(captions.lines.map(({ typed }) => typed)).toEqual([false, false]);
  });

  it("start new utterances after a break and keep what was said, the broken line marked", () => {
    const captions = new Captions();
    captions.newCall();
    captions.hear(said("agent", "I was about to", 1));
    captions.newCall();
    captions.hear(said("agent", "Back again", 1));
    expect(captions.lines.map(({ text, interrupted }) => [text, interrupted])).toEqual([["I was about to", true], ["Back again", false]]);
  });

  it("are bounded", () => {
    const captions = new Captions();
    for (let i = 0; i < MAX_LINES + 5; i++) captions.hear(said("agent", `line ${i}`, i, { final: true }));
    expect(captions.lines).toHaveLength(MAX_LINES);
    expect(captions.lines[0]?.text).toBe("line 5");
  });
});
