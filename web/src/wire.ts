/** Events in, messages out, motion frames in: the hand-written half of the protocol, driven by the generated tables. */

import {
  EVENT_FIELDS, MOTION_BYTES, MOTION_HEAD_BYTES, MOTION_ROTATION_UNIT_RAD, MOTION_TRANSLATION_UNIT_M, MOTION_VERSION, SHAPES,
  type ControlMessage, type SessionEvent,
} from "./protocol";

export class WireError extends Error {}

/** An event from the server. Throws WireError naming the fault; fields that a newer server adds are let through. */
export function decodeEvent(text: string): SessionEvent {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new WireError("not JSON");
  }
  if (typeof value !== "object" || value === null) throw new WireError("not an object");
  const fields = value as Record<string, unknown>;
  const type = fields.type;
  if (typeof type !== "string" || !Object.hasOwn(EVENT_FIELDS, type)) throw new WireError(`unknown type ${String(type)}`);
  for (const [key, kind] of Object.entries(EVENT_FIELDS[type as SessionEvent["type"]])) {
    const optional = key.endsWith("?");
    const name = optional ? key.slice(0, -1) : key;
    const given = fields[name];
    if (optional && (given === undefined || given === null)) continue;
    const right = Array.isArray(kind) ? kind.includes(given as string) : typeof given === kind;
    if (!right) throw new WireError(`${type}.${name}: ${JSON.stringify(given)} where ${JSON.stringify(kind)} is due`);
  }
  return value as SessionEvent;
}

export function encodeMessage(message: ControlMessage): string {
  return JSON.stringify(message);
}

export interface MotionFrame {
  tTicks: number;
  generation: number;
  /** 52 ARKit weights, 0 to 1, in the order of SHAPES. */
  weights: Float32Array;
  /** Yaw, pitch, roll in radians. */
  headRotation: Float32Array;
  /** Metres. */
  headTranslation: Float32Array;
  /** Left yaw, left pitch, right yaw, right pitch in radians, relative to the head. */
  gaze: Float32Array;
}

/** A motion frame from the channel `motion`. Throws WireError where size, version or count are not ours. */
export function decodeMotion(data: ArrayBuffer): MotionFrame {
  if (data.byteLength !== MOTION_BYTES) throw new WireError(`a motion frame has ${MOTION_BYTES} bytes, this has ${data.byteLength}`);
  const view = new DataView(data);
  const version = view.getUint8(0);
  const count = view.getUint16(2, true);
  if (version !== MOTION_VERSION || count !== SHAPES.length) throw new WireError(`motion version ${version} with ${count} weights`);
  const weights = Float32Array.from({ length: count }, (_, i) => view.getUint16(MOTION_HEAD_BYTES + 2 * i, true) / 65535);
  const poseAt = MOTION_HEAD_BYTES + 2 * count;
  const pose = (from: number, length: number, unit: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => view.getInt16(poseAt + 2 * (from + i), true) * unit);
  return {
    tTicks: Number(view.getBigUint64(8, true)),
    generation: view.getUint32(4, true),
    weights,
    headRotation: pose(0, 3, MOTION_ROTATION_UNIT_RAD),
    headTranslation: pose(3, 3, MOTION_TRANSLATION_UNIT_M),
    gaze: pose(6, 4, MOTION_ROTATION_UNIT_RAD),
  };
}
