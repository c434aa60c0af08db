import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MOTION_BYTES, SHAPES } from "../src/protocol";
import { decodeEvent, decodeMotion, encodeMessage, WireError } from "../src/wire";
import type { ControlMessage } from "../src/protocol";

const golden = new URL("../../tests/golden/protocol/", import.meta.url);
const names = readdirSync(golden);
const text = (name: string): string => readFileSync(new URL(name, golden), "utf8");

describe("golden files, written by Python", () => {
  it("are there", () => expect(names.filter((name) => name.startsWith("event.")).length).toBeGreaterThanOrEqual(4));

  it.each(names.filter((name) => name.startsWith("event.")))("%s is read", (name) => {
    expect(decodeEvent(text(name))).toEqual(JSON.parse(text(name)));
  });

  it.each(names.filter((name) => name.startsWith("message.")))("%s is written the same", (name) => {
    const message = JSON.parse(text(name)) as ControlMessage;
    expect(JSON.parse(encodeMessage(message))).toEqual(message);
  });

  it("motion.bin is read to the written precision", () => {
    const bytes = readFileSync(new URL("motion.bin", golden));
    const frame = decodeMotion(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    const expected = JSON.parse(text("motion.expected.json")) as Record<string, number[]> & { t_ticks: number; generation: number };
    expect(bytes.byteLength).toBe(MOTION_BYTES);
    expect(frame.tTicks).toBe(expected.t_ticks);
    expect(frame.generation).toBe(expected.generation);
    expect(frame.weights).toHaveLength(SHAPES.length);
    const close = (got: Float32Array, want: number[] | undefined, unit: number): void =>
      expect(Math.max(...[...got].map((value, i) => Math.abs(value - want![i]!)))).toBeLessThanOrEqual(unit * 0.51 + 1e-6);
    close(frame.weights, expected.weights, 1 / 65535);
    close(frame.headRotation, expected.head_rotation, 1e-4);
    close(frame.headTranslation, expected.head_translation, 1e-5);
    close(frame.gaze, expected.gaze, 1e-4);
  });
});

describe("what is not ours", () => {
  it.each([
    ["{", "not JSON"],
    ["[]", "unknown type"],
    ['{"type":"toString"}', "unknown type toString"],
    ['{"type":"state","state":"dancing","avatar":"nova","generation":1,"language_model":false}', "state.state"],
    ['{"type":"transcript","speaker":"agent","text":"a","utterance":"1","final":true}', "transcript.utterance"],
    ['{"type":"error","code":"x"}', "error.message"],
  ])("%s is refused", (bad, fault) => {
    expect(() => decodeEvent(bad)).toThrow(WireError);
    expect(() => decodeEvent(bad)).toThrow(fault);
  });

  it("a null where a value may be absent is let through", () => {
    expect(decodeEvent('{"type":"error","code":"x","message":"y","id":null}').type).toBe("error");
  });

  it("motion of another size or version is refused", () => {
    expect(() => decodeMotion(new ArrayBuffer(MOTION_BYTES - 1))).toThrow(WireError);
    expect(() => decodeMotion(new ArrayBuffer(MOTION_BYTES))).toThrow("version 0");
  });
});
