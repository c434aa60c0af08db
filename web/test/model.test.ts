import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeModel, ModelError } from "../src/draw/model";
import { Pose } from "../src/draw/pose";
import { Pupils, Sway } from "../src/draw/trailing";
import { SHAPES } from "../src/protocol";
import type { MotionFrame } from "../src/wire";

const file = gunzipSync(readFileSync(new URL("../../tests/golden/model.gz", import.meta.url)));
const golden = (): Uint8Array<ArrayBuffer> => Uint8Array.from(file);

const face = (weights: Record<string, number> = {}, tTicks = 0): MotionFrame => ({
  tTicks, generation: 0, weights: Float32Array.from(SHAPES, (name) => weights[name] ?? 0), headRotation: new Float32Array(3), headTranslation: new Float32Array(3), gaze: new Float32Array(4),
});

/** The golden file with its head changed. */
function withHead(change: (head: Record<string, unknown> & { arrays: Record<string, { at: number; shape: number[]; type: string }>; groups: object[] }) => void): ArrayBuffer {
  const data = golden();
  const length = new DataView(data.buffer).getUint32(12, true);
  const head = JSON.parse(new TextDecoder().decode(data.subarray(16, 16 + length))) as Parameters<typeof change>[0];
  change(head);
  let text = JSON.stringify(head);
  text += " ".repeat((4 - (text.length % 4)) % 4);
  const out = new Uint8Array(16 + text.length + data.length - 16 - length);
  out.set(data.subarray(0, 16));
  new DataView(out.buffer).setUint32(12, text.length, true);
  out.set(new TextEncoder().encode(text), 16);
  out.set(data.subarray(16 + length), 16 + text.length);
  return out.buffer;
}

describe("a model", () => {
  it("is read from the server's golden file", () => {
    const model = decodeModel(golden().buffer);
    expect(model.positions).toHaveLength(3 * model.vertices);
    expect(model.dynamic).toBeLessThanOrEqual(model.vertices);
    expect(model.groups.reduce((sum, { count }) => sum + count, 0)).toBe(model.triangles.length / 3);
    expect(decodeModel(withHead(() => undefined)).vertices).toBe(model.vertices);
  });

  it("is refused where it is cut off, at any length", () => {
    for (let length = 0; length < file.length; length += Math.ceil(file.length / 97)) expect(() => decodeModel(golden().buffer.slice(0, length))).toThrow(ModelError);
    expect(() => decodeModel(golden().buffer.slice(0, file.length - 4))).toThrow(ModelError);
  });

  it.each<[string, Parameters<typeof withHead>[0]]>([
    ["huge counts", (head) => (head.vertices = 4_000_000_000)],
    ["no vertices", (head) => (head.vertices = 0)],
    ["a count that is no number", (head) => (head.dynamic = "many")],
    ["more that moves than there is", (head) => (head.dynamic = Number(head.vertices) + 1)],
    ["other shapes", (head) => (head.shapes = ["smile"])],
    ["an array that is not there", (head) => delete head.arrays.normals],
    ["an array of another size", (head) => (head.arrays.positions!.shape = [1, 3])],
    ["an array of no known type", (head) => (head.arrays.uv!.type = "f64")],
    ["an array beyond the end", (head) => (head.arrays.uv!.at = file.length)],
    ["an array before the start", (head) => (head.arrays.uv!.at = -400_000)],
    ["an array between words", (head) => (head.arrays.uv!.at += 2)],
    ["triangles beyond the last", (head) => (head.groups = [{ kind: "surface", two_sided: false, first: 0, count: 9e9 }])],
    ["no groups", (head) => (head.groups = [])],
    ["indices that point at nothing", (head) => (head.arrays.bent = { ...head.arrays.grain!, shape: [100], type: "u16" })],
  ])("with %s is refused", (_name, change) => {
    expect(() => decodeModel(withHead(change))).toThrow(ModelError);
  });

  it("is refused where it is something else", () => {
    const other = golden();
    other[0] = 0;
    expect(() => decodeModel(other.buffer)).toThrow("not a model of this version");
    const newer = golden();
    newer[8] = 9;
    expect(() => decodeModel(newer.buffer)).toThrow("not a model of this version");
    const noJson = golden();
    noJson[20] = 0;
    expect(() => decodeModel(noJson.buffer)).toThrow("not JSON");
  });
});

describe("a pose", () => {
  const model = decodeModel(golden().buffer);
  const still = new Float32Array(6);

  it("at rest is the model itself, and comes back to it", () => {
    const pose = new Pose(model);
    pose.update(face({ jawOpen: 1, eyeBlinkLeft: 1 }), still);
    expect(pose.positions).not.toEqual(model.positions.slice(0, pose.positions.length));
    pose.update(face(), still);
    pose.positions.forEach((value, i) => expect(Math.abs(value - model.positions[i]!)).toBeLessThan(1e-4));
    pose.normals.forEach((value, i) => expect(Math.abs(value - model.normals[i]!)).toBeLessThan(2e-3));
  });

  it("shares each light among baked directions", () => {
    const pose = new Pose(model);
    const turned = face();
    turned.headRotation.set([0.4, -0.2, 0.1]);
    pose.update(turned, still);
    for (let light = 0; light < 3; light++) {
      const shares = pose.shares.slice(4 * light, 4 * light + 4);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
      expect(shares.every((share) => share >= 0)).toBe(true);
    }
    expect(pose.rows.every((row) => row >= 0 && row < model.directions.length / 3)).toBe(true);
  });
});

describe("what trails behind", () => {
  const { sway, pupils } = decodeModel(golden().buffer).values;

  it("follows a turn late, overshoots a little and settles", () => {
    const trail = new Sway(sway);
    const yaws: number[] = [];
    for (let n = 0; n < 180; n++) {
      const frame = face({}, n * 800);
      frame.headRotation[0] = n > 10 ? 0.3 : 0;
      yaws.push(trail.follow(frame)[0]!);
    }
    expect(yaws[14]).toBeLessThan(0.28);
    expect(Math.max(...yaws)).toBeGreaterThan(0.303);
    expect(yaws[179]).toBeCloseTo(0.3, 3);
  });

  it("starts from rest after a gap", () => {
    const trail = new Sway(sway);
    trail.follow(face({}, 0));
    const later = face({}, 480_000);
    later.headRotation[0] = 0.5;
    expect(trail.follow(later)[0]).toBeCloseTo(0.5);
  });

  it("pupils widen slowly with arousal, narrow quickly, and are never still", () => {
    const eyes = new Pupils(pupils);
    const widths = Array.from({ length: 240 }, (_, n) => eyes.follow(face(n > 20 && n < 140 ? { eyeWideLeft: 1, eyeWideRight: 1 } : {}, n * 800)));
    expect(widths[139]! - widths[19]!).toBeGreaterThan(0.1);
    expect(widths[40]).toBeLessThan(widths[139]!);
    expect(widths[200]).toBeLessThan(widths[139]! - 0.1);
    expect(new Set(widths).size).toBeGreaterThan(230);
  });
});
