/** One frame's work before the graphics card's: weights to vertices and normals, eyes, lids, and which baked light counts.
 *
 * The twin of engines/rig/frame.py and render/pose.py. Arrays are made once and lent.
 */

import { SHAPES } from "../protocol";
import type { MotionFrame } from "../wire";
import type { Model } from "./model";

const LID_POINTS = 16;
export const LID_VALUES = LID_POINTS + 2;
const CONE = 4;
const TONGUE = SHAPES.indexOf("tongueOut");
const BLINKS = [SHAPES.indexOf("eyeBlinkLeft"), SHAPES.indexOf("eyeBlinkRight")] as const;
const LOOKS = (["Left", "Right"] as const).map((side) => (["Out", "In", "Down", "Up"] as const).map((way) => SHAPES.indexOf(`eyeLook${way}${side}`)));

/** Ry(yaw) Rx(pitch) Rz(roll), row by row. */
export function rotation(yaw: number, pitch: number, roll: number, out = new Float32Array(9)): Float32Array {
  const [cy, sy, cp, sp, cr, sr] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch), Math.cos(roll), Math.sin(roll)];
  out[0] = cy * cr + sy * sp * sr; out[1] = sy * sp * cr - cy * sr; out[2] = sy * cp;
  out[3] = cp * sr; out[4] = cp * cr; out[5] = -sp;
  out[6] = cy * sp * sr - sy * cr; out[7] = sy * sr + cy * sp * cr; out[8] = cy * cp;
  return out;
}

/** Which triangles meet at each vertex that bends, as one flat list. */
interface Bending {
  corners: Uint32Array;
  faces: Float32Array;
  starts: Uint32Array;
  around: Uint32Array;
}

export class Pose {
  /** Of the moving vertices, three numbers each: before the head turns. */
  readonly positions: Float32Array<ArrayBuffer>;
  readonly normals: Float32Array<ArrayBuffer>;
  readonly weights = new Float32Array(SHAPES.length);
  readonly head = new Float32Array(9);
  readonly late = new Float32Array(9);
  readonly lids = new Float32Array(2 * LID_VALUES);
  readonly blink = new Float32Array(2);
  /** Rows of the baked visibility and their shares, four for each of three lights. */
  readonly rows = new Int32Array(3 * CONE);
  readonly shares = new Float32Array(3 * CONE);
  opening = 0;
  lift = 0;
  readonly #base: Float32Array;
  readonly #eyeNormals: Float32Array[];
  readonly #bending: Bending;
  readonly #eye = new Float32Array(9);
  readonly #opening: number[];
  readonly #angles = new Float32Array(4);

  constructor(private readonly model: Model) {
    this.#base = model.positions.slice(0, 3 * model.dynamic);
    this.positions = this.#base.slice();
    this.normals = model.normals.slice(0, 3 * model.dynamic);
    const size = model.eyeRest.length / 2;
    this.#eyeNormals = Array.from(model.eyeStarts, (start) => model.normals.slice(3 * start, 3 * start + size));
    this.#bending = bendingOf(model);
    this.#opening = SHAPES.map((name) => model.values.opening[name] ?? 0);
  }

  update(frame: MotionFrame, sway: Float32Array): void {
    const { values } = this.model;
    for (let k = 0; k < this.weights.length; k++) {
      const weight = Math.min(1, Math.max(0, frame.weights[k]!));
      this.weights[k] = weight < values.weight_floor ? 0 : weight;
    }
    this.#gaze(frame.gaze);
    this.#blend();
    this.#raiseTongue();
    for (let eye = 0; eye < 2; eye++) this.#turnEye(eye);
    this.#bend();
    rotation(frame.headRotation[0]!, frame.headRotation[1]!, frame.headRotation[2]!, this.head);
    rotation(sway[0]!, sway[1]!, sway[2]!, this.late);
    this.lift = values.lift_most_m * Math.tanh(frame.headTranslation[1]! / values.lift_most_m);
    this.blink[0] = this.weights[BLINKS[0]]!;
    this.blink[1] = this.weights[BLINKS[1]]!;
    this.opening = Math.min(1, this.#opening.reduce((sum, share, k) => sum + share * this.weights[k]!, 0));
    for (let eye = 0; eye < 2; eye++) this.#lidHeights(eye);
    this.#cones();
  }

  /** What the eyeLook weights or the gaze ask for, whichever is more; written back to the weights, which move the lids. */
  #gaze(gaze: Float32Array): void {
    const [yawRad, pitchRad] = this.model.values.look_rad;
    const w = this.weights;
    LOOKS.forEach(([out, inwards, down, up], eye) => {
      for (const [axis, more, less, scale] of [[0, out!, inwards!, eye === 0 ? yawRad : -yawRad], [1, down!, up!, pitchRad]] as const) {
        const weighed = w[more]! - w[less]!;
        const turned = gaze[2 * eye + axis]! / scale;
        const ask = Math.abs(turned) > Math.abs(weighed) ? turned : weighed;
        this.#angles[2 * eye + axis] = ask * scale;
        const both = Math.min(w[more]!, w[less]!);
        w[more] = Math.min(1, both + Math.max(ask, 0));
        w[less] = Math.min(1, both + Math.max(-ask, 0));
      }
    });
  }

  #blend(): void {
    const { shapeOffsets, shapeIndices, shapeDeltas } = this.model;
    const out = this.positions;
    out.set(this.#base);
    for (let k = 0; k < this.weights.length; k++) {
      const w = this.weights[k]!;
      if (w === 0) continue;
      const past = shapeOffsets[k + 1]!;
      for (let n = shapeOffsets[k]!; n < past; n++) {
        const i = 3 * shapeIndices[n]!;
        out[i]! += w * shapeDeltas[3 * n]!;
        out[i + 1]! += w * shapeDeltas[3 * n + 1]!;
        out[i + 2]! += w * shapeDeltas[3 * n + 2]!;
      }
    }
  }

  /** Half way out the tongue rises over the straight line, which would lead it through the lower lip. */
  #raiseTongue(): void {
    const out = this.weights[TONGUE]!;
    const rise = 4 * out * (1 - out);
    const { tongue, tongueArch } = this.model;
    if (rise > 0) for (let n = 0; n < tongue.length; n++) this.positions[3 * tongue[n]! + 1]! += rise * tongueArch[n]!;
  }

  #turnEye(eye: number): void {
    const { eyeRest, eyeStarts, values } = this.model;
    const r = rotation(this.#angles[2 * eye]!, this.#angles[2 * eye + 1]!, 0, this.#eye);
    const normals = this.#eyeNormals[eye]!;
    const centre = values.eye_centres[eye]!;
    const start = 3 * eyeStarts[eye]!;
    const rest = eye * normals.length;
    for (let i = 0; i < normals.length; i += 3) {
      const [x, y, z] = [eyeRest[rest + i]!, eyeRest[rest + i + 1]!, eyeRest[rest + i + 2]!];
      const [nx, ny, nz] = [normals[i]!, normals[i + 1]!, normals[i + 2]!];
      for (let c = 0; c < 3; c++) {
        this.positions[start + i + c] = centre[c]! + r[3 * c]! * x + r[3 * c + 1]! * y + r[3 * c + 2]! * z;
        this.normals[start + i + c] = r[3 * c]! * nx + r[3 * c + 1]! * ny + r[3 * c + 2]! * nz;
      }
    }
  }

  /** Area-weighted unit normals of what bends. */
  #bend(): void {
    const { corners, faces, starts, around } = this.#bending;
    const p = this.positions;
    const rigid = this.model.positions;
    const still = p.length;
    for (let t = 0; t < corners.length; t += 3) {
      const i = corners[t]!, j = corners[t + 1]!, k = corners[t + 2]!;
      const a = i < still ? p : rigid, b = j < still ? p : rigid, c = k < still ? p : rigid;
      const x = a[i]!, y = a[i + 1]!, z = a[i + 2]!;
      const ax = b[j]! - x, ay = b[j + 1]! - y, az = b[j + 2]! - z;
      const bx = c[k]! - x, by = c[k + 1]! - y, bz = c[k + 2]! - z;
      faces[t] = ay * bz - az * by;
      faces[t + 1] = az * bx - ax * bz;
      faces[t + 2] = ax * by - ay * bx;
    }
    const { bent } = this.model;
    for (let n = 0; n < bent.length; n++) {
      let x = 0, y = 0, z = 0;
      for (let q = starts[n]!; q < starts[n + 1]!; q++) {
        const t = around[q]!;
        x += faces[t]!;
        y += faces[t + 1]!;
        z += faces[t + 2]!;
      }
      const scale = 1 / Math.sqrt(x * x + y * y + z * z + 1e-30);
      const v = 3 * bent[n]!;
      this.normals[v] = x * scale;
      this.normals[v + 1] = y * scale;
      this.normals[v + 2] = z * scale;
    }
  }

  /** Where an upper lash line begins and ends in x, and its height at even steps between. */
  #lidHeights(eye: number): void {
    const count = this.model.lidLines.length / 2;
    const line = Array.from(this.model.lidLines.subarray(eye * count, (eye + 1) * count), (v) => [this.positions[3 * v]!, this.positions[3 * v + 1]!] as const);
    line.sort((a, b) => a[0] - b[0]);
    const [first, last] = [line[0]![0], line[count - 1]![0]];
    const out = eye * LID_VALUES;
    this.lids[out] = first;
    this.lids[out + 1] = last;
    for (let n = 0, at = 0; n < LID_POINTS; n++) {
      const x = first + ((last - first) * n) / (LID_POINTS - 1);
      while (at < count - 2 && line[at + 1]![0] < x) at++;
      const [x0, y0] = line[at]!;
      const [x1, y1] = line[at + 1]!;
      this.lids[out + 2 + n] = y0 + (y1 - y0) * Math.min(1, Math.max(0, (x - x0) / (x1 - x0 || 1)));
    }
  }

  /** The baked directions nearest to each light and their shares, which change continuously as the head turns. */
  #cones(): void {
    const { directions, values } = this.model;
    const h = this.head;
    for (let light = 0; light < 3; light++) {
      const [x, y, z] = values.lights[light]! as [number, number, number];
      const towards = [0, 1, 2].map((c) => x * h[c]! + y * h[3 + c]! + z * h[6 + c]!) as [number, number, number];
      const near = nearest(directions, towards, CONE + 1);
      const floor = near.at(-1)![0];
      const shares = near.slice(0, CONE).map(([cosine]) => cosine - floor + 1e-6);
      const total = shares.reduce((sum, share) => sum + share, 0);
      shares.forEach((share, n) => {
        this.rows[light * CONE + n] = near[n]![1];
        this.shares[light * CONE + n] = share / total;
      });
    }
  }
}

/** The `count` directions with the largest cosine to a vector, largest first, as [cosine, row]; the last again where there are fewer. */
function nearest(directions: Float32Array, [x, y, z]: readonly [number, number, number], count: number): [number, number][] {
  const best: [number, number][] = [];
  for (let row = 0; row < directions.length / 3; row++) {
    const cosine = x * directions[3 * row]! + y * directions[3 * row + 1]! + z * directions[3 * row + 2]!;
    if (best.length === count && cosine <= best[count - 1]![0]) continue;
    let at = best.length;
    while (at > 0 && best[at - 1]![0] < cosine) at--;
    best.splice(at, 0, [cosine, row]);
    if (best.length > count) best.pop();
  }
  while (best.length < count) best.push(best.at(-1) ?? [0, 0]);
  return best;
}

function bendingOf(model: Model): Bending {
  const rank = new Int32Array(model.vertices).fill(-1);
  model.bent.forEach((v, n) => (rank[v] = n));
  const { triangles } = model;
  const counts = new Uint32Array(model.bent.length + 1);
  const chosen: number[] = [];
  for (let t = 0; t < triangles.length; t += 3) {
    const at = [rank[triangles[t]!]!, rank[triangles[t + 1]!]!, rank[triangles[t + 2]!]!];
    if (at.every((n) => n < 0)) continue;
    chosen.push(t);
    for (const n of at) if (n >= 0) counts[n + 1]!++;
  }
  for (let n = 1; n < counts.length; n++) counts[n]! += counts[n - 1]!;
  const cursor = counts.slice();
  const around = new Uint32Array(counts.at(-1) ?? 0);
  const corners = new Uint32Array(3 * chosen.length);
  chosen.forEach((t, row) => {
    for (let c = 0; c < 3; c++) {
      const v = triangles[t + c]!;
      corners[3 * row + c] = 3 * v;
      const n = rank[v]!;
      if (n >= 0) around[cursor[n]!++] = 3 * row;
    }
  });
  return { corners, faces: new Float32Array(3 * chosen.length), starts: counts, around };
}
