/** The file of a person that `GET /api/avatars/{name}/model` sends: read with every count and place checked. Layout: engines/rig/export.py. */

import { SHAPES } from "../protocol";

const MAGIC = "vvmodel\n";
const VERSION = 1;
const HEAD_BYTES = 16;
const MOST_BYTES = 256 << 20;
const MOST_HEAD_BYTES = 1 << 20;
const MOST_VERTICES = 400_000;
const MOST_GROUPS = 16;

export type Kind = "surface" | "strand" | "mouth" | "eye";
type Values = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
export type Indices = Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

export interface Group {
  kind: Kind;
  two_sided: boolean;
  /** Triangles, not corners. */
  first: number;
  count: number;
}

export interface Constants {
  pivot: number[];
  eye_centres: number[][];
  iris_radius: number;
  pupil_radius: number;
  lights: number[][];
  ambient: number[][];
  wrap: Record<"skin" | "eye" | "hair" | "mouth" | "cloth" | "fine", number[]>;
  exposure: number;
  background: number[][];
  look_at: number[];
  distance_m: number;
  half_height_m: number;
  lobes: { surface: number[]; mouth: number[] };
  look_rad: [yaw: number, pitch: number];
  weight_floor: number;
  lift_most_m: number;
  chest_forward: number;
  chest_below_m: number[];
  mouth_dark: number;
  mouth_light: number;
  opening: Record<string, number>;
  shade_eye_per_m: number;
  pupil_reach: number;
  sway: { frequency_hz: number; damping: number; max_step_s: number; reset_s: number; limit: number[] };
  pupils: { hippus: [rateHz: number, share: number][]; arousal: Record<string, number>; least: number; most: number; widen_s: number; narrow_s: number; reset_s: number };
}

/** What goes to the graphics card as it is, and what is worked on here before every frame. */
export interface Model {
  vertices: number;
  /** The first so many vertices move with the weights. */
  dynamic: number;
  groups: Group[];
  values: Constants;
  positions: Float32Array<ArrayBuffer>;
  normals: Float32Array<ArrayBuffer>;
  follow: Uint16Array<ArrayBuffer>;
  albedo: Uint16Array<ArrayBuffer>;
  more: Uint16Array<ArrayBuffer>;
  uv: Float32Array<ArrayBuffer>;
  tangents: Int16Array<ArrayBuffer>;
  triangles: Indices;
  shapeOffsets: Uint32Array<ArrayBuffer>;
  shapeIndices: Indices;
  shapeDeltas: Float32Array<ArrayBuffer>;
  bent: Indices;
  eyeStarts: Uint32Array<ArrayBuffer>;
  eyeRest: Float32Array<ArrayBuffer>;
  lidLines: Indices;
  tongue: Indices;
  tongueArch: Float32Array<ArrayBuffer>;
  directions: Float32Array<ArrayBuffer>;
  visibility: Uint8Array<ArrayBuffer>;
  grain: Uint8Array<ArrayBuffer>;
  iris: Uint8Array<ArrayBuffer>;
}

export class ModelError extends Error {}

interface Place {
  type: string;
  shape: number[];
  at: number;
  unit?: number;
}

interface Head {
  version: number;
  shapes: string[];
  vertices: number;
  dynamic: number;
  groups: Group[];
  values: Constants;
  arrays: Record<string, Place>;
}

const TYPES = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i16: Int16Array, f32: Float32Array } as const;

/** Throws ModelError, naming the fault, for anything that is not a whole model of this version. */
export function decodeModel(data: ArrayBuffer): Model {
  const { head, from } = readHead(data);
  const read = (name: string, ...shape: (number | null)[]): Values => readArray(data, from, head.arrays[name], name, shape);
  const indices = (name: string, below: number, ...shape: (number | null)[]): Indices => {
    const values = read(name, ...shape);
    if (!(values instanceof Uint16Array) && !(values instanceof Uint32Array)) throw new ModelError(`${name} holds no indices`);
    if (values.some((value) => value >= below)) throw new ModelError(`${name} points beyond ${below}`);
    return values;
  };
  const floats = (name: string, ...shape: (number | null)[]): Float32Array<ArrayBuffer> => {
    const values = Float32Array.from(read(name, ...shape));
    const unit = head.arrays[name]?.unit ?? 1;
    for (let i = 0; i < values.length; i++) values[i]! *= unit;
    if (!values.every(Number.isFinite)) throw new ModelError(`${name} has values that are no numbers`);
    return values;
  };
  const as = <T extends Values>(type: new (...given: never[]) => T, name: string, ...shape: (number | null)[]): T => {
    const values = read(name, ...shape);
    if (!(values instanceof type)) throw new ModelError(`${name} is of another type`);
    return values;
  };
  const { vertices: v, dynamic, groups, values } = head;
  const shapeOffsets = as<Uint32Array<ArrayBuffer>>(Uint32Array, "shape_offsets", SHAPES.length + 1);
  const entries = shapeOffsets[SHAPES.length] ?? 0;
  if (shapeOffsets.some((offset, k) => offset < (shapeOffsets[k - 1] ?? 0))) throw new ModelError("shape_offsets fall");
  const eyeRest = floats("eye_rest", 2, null, 3);
  const eyeStarts = as<Uint32Array<ArrayBuffer>>(Uint32Array, "eye_starts", 2);
  if (eyeStarts.some((start) => start + eyeRest.length / 6 > dynamic)) throw new ModelError("an eye reaches beyond the moving vertices");
  const directions = floats("directions", null, 3);
  const triangles = indices("triangles", v, null, 3);
  if (groups.some(({ first, count }) => first < 0 || count < 0 || first + count > triangles.length / 3)) throw new ModelError("a group reaches beyond the triangles");
  const tongue = indices("tongue", dynamic, null);
  return {
    vertices: v, dynamic, groups, values, triangles, shapeOffsets, eyeRest, eyeStarts, directions, tongue,
    positions: floats("positions", v, 3),
    normals: floats("normals", v, 3),
    follow: as<Uint16Array<ArrayBuffer>>(Uint16Array, "follow", v, 4),
    albedo: as<Uint16Array<ArrayBuffer>>(Uint16Array, "albedo", v, 4),
    more: as<Uint16Array<ArrayBuffer>>(Uint16Array, "more", v, 4),
    uv: floats("uv", v, 2),
    tangents: as<Int16Array<ArrayBuffer>>(Int16Array, "tangents", v, 3),
    shapeIndices: indices("shape_indices", dynamic, entries),
    shapeDeltas: floats("shape_deltas", entries, 3),
    bent: indices("bent", dynamic, null),
    lidLines: indices("lid_lines", dynamic, 2, null),
    tongueArch: floats("tongue_arch", tongue.length),
    visibility: as<Uint8Array<ArrayBuffer>>(Uint8Array, "visibility", directions.length / 3, v),
    grain: as<Uint8Array<ArrayBuffer>>(Uint8Array, "grain", 256, 256, 4),
    iris: as<Uint8Array<ArrayBuffer>>(Uint8Array, "iris", 256, 256, 3),
  };
}

function readHead(data: ArrayBuffer): { head: Head; from: number } {
  if (data.byteLength < HEAD_BYTES || data.byteLength > MOST_BYTES) throw new ModelError(`${data.byteLength} bytes are no model`);
  const view = new DataView(data);
  const magic = new TextDecoder("latin1").decode(new Uint8Array(data, 0, MAGIC.length));
  const version = view.getUint32(8, true);
  if (magic !== MAGIC || version !== VERSION) throw new ModelError("not a model of this version");
  const length = view.getUint32(12, true);
  if (length > MOST_HEAD_BYTES || HEAD_BYTES + length > data.byteLength) throw new ModelError("the head is cut off");
  let head: Head;
  try {
    head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, HEAD_BYTES, length))) as Head;
  } catch {
    throw new ModelError("the head is not JSON");
  }
  const count = (value: number, most: number): boolean => Number.isInteger(value) && value > 0 && value <= most;
  if (!count(head.vertices, MOST_VERTICES) || !count(head.dynamic, head.vertices)) throw new ModelError("the counts are not to be believed");
  if (!Array.isArray(head.groups) || !count(head.groups.length, MOST_GROUPS)) throw new ModelError("there are no groups of triangles");
  if (!Array.isArray(head.shapes) || head.shapes.join() !== SHAPES.join()) throw new ModelError("the shapes are not the 52 of ARKit");
  return { head, from: HEAD_BYTES + length };
}

function readArray(data: ArrayBuffer, from: number, place: Place | undefined, name: string, shape: (number | null)[]): Values {
  const type = place && Object.hasOwn(TYPES, place.type) ? TYPES[place.type as keyof typeof TYPES] : undefined;
  if (!place || !type || !Array.isArray(place.shape)) throw new ModelError(`${name} is missing`);
  const fits = place.shape.length === shape.length && place.shape.every((have, i) => Number.isInteger(have) && have >= 0 && have === (shape[i] ?? have));
  if (!fits) throw new ModelError(`${name} is ${place.shape.join("×")}, not ${shape.map((side) => side ?? "n").join("×")}`);
  const length = place.shape.reduce((product, side) => product * side, 1);
  const at = from + place.at;
  if (!Number.isInteger(place.at) || place.at < 0 || at % 4 !== 0 || at + length * type.BYTES_PER_ELEMENT > data.byteLength) throw new ModelError(`${name} is cut off`);
  return new type(data, at, length);
}
