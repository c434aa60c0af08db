/** A person drawn with three.js from motion frames: what the server's rig engine draws, on the viewer's own graphics card. */

import {
  BufferAttribute, BufferGeometry, Camera, DataTexture, DoubleSide, DynamicDrawUsage, FrontSide, GLSL3, LinearFilter, LinearMipmapLinearFilter, LinearSRGBColorSpace,
  Matrix3, Mesh, NearestFilter, RawShaderMaterial, RedFormat, RepeatWrapping, RGBAFormat, Scene, UnsignedByteType, Vector2, Vector3, Vector4, WebGLRenderer,
  type IUniform,
} from "three";
import type { MotionFrame } from "../wire";
import type { Group, Kind, Model } from "./model";
import { Pose } from "./pose";
import { backdropPixel, backdropVertex, pixelShader, vertexShader, VISIBILITY_WIDTH } from "./shaders";
import { Pupils, Sway } from "./trailing";

const NEAR_M = 0.2;
const FAR_M = 3;

/** Where the square picture stands on the canvas, in its pixels, y from the top; `soft`: how far its sides and top fade, as shares. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  soft: readonly [sides: number, top: number];
}

type Uniforms = Record<string, IUniform>;

export class FaceView {
  readonly #renderer: WebGLRenderer;
  readonly #scene = new Scene();
  readonly #camera = new Camera(); // the shaders project by themselves
  #person: Person | null = null;
  #width = 0;
  #height = 0;

  /** Throws where the browser has no WebGL 2. */
  constructor(readonly canvas: HTMLCanvasElement) {
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, alpha: false, depth: true, stencil: false, powerPreference: "low-power" });
    this.#renderer.outputColorSpace = LinearSRGBColorSpace;
    this.#renderer.autoClear = false;
    this.#renderer.debug.checkShaderErrors = false;
  }

  /** Puts a person in front; the one before is let go. Compiles what draws them. */
  show(model: Model): void {
    this.#person?.dispose();
    this.#scene.clear();
    this.#person = new Person(model);
    this.#scene.add(...this.#person.meshes);
    this.#renderer.compile(this.#scene, this.#camera);
  }

  /** The canvas's size in pixels. */
  resize(width: number, height: number): void {
    if (width === this.#width && height === this.#height) return;
    [this.#width, this.#height] = [width, height];
    this.#renderer.setSize(width, height, false);
  }

  /** One picture. Frames in order of their time: hair and pupils follow what came before. */
  draw(frame: MotionFrame, box: Box): void {
    if (!this.#person) return;
    this.#person.follow(frame, box, this.#width, this.#height);
    this.#renderer.clear(false, true, false);
    this.#renderer.render(this.#scene, this.#camera);
  }

  dispose(): void {
    this.#person?.dispose();
    this.#person = null;
    this.#renderer.dispose();
  }
}

class Person {
  readonly meshes: Mesh[];
  readonly #pose: Pose;
  readonly #sway: Sway;
  readonly #pupils: Pupils;
  readonly #shared: Uniforms;
  readonly #materials: RawShaderMaterial[];
  readonly #moving: BufferAttribute[];
  readonly #let: { dispose: () => void }[];

  constructor(private readonly model: Model) {
    this.#pose = new Pose(model);
    this.#sway = new Sway(model.values.sway);
    this.#pupils = new Pupils(model.values.pupils);
    const textures: Textures = texturesOf(model);
    this.#shared = uniformsOf(model, textures);
    const geometry = geometryOf(model);
    this.#moving = ["position", "normal"].map((name) => geometry.getAttribute(name) as BufferAttribute);
    this.#materials = model.groups.map((group) => materialOf(group, model, this.#shared));
    model.groups.forEach(({ first, count }, n) => geometry.addGroup(3 * first, 3 * count, n));
    const backdrop = backdropOf(this.#shared);
    this.#materials.push(backdrop.material as RawShaderMaterial);
    this.meshes = [backdrop, new Mesh(geometry, this.#materials.slice(0, -1))];
    for (const mesh of this.meshes) mesh.frustumCulled = false;
    const { visibility, grain, iris } = textures;
    this.#let = [geometry, backdrop.geometry, visibility, grain, iris, ...this.#materials];
  }

  follow(frame: MotionFrame, box: Box, width: number, height: number): void {
    const sway = this.#sway.follow(frame);
    this.#pose.update(frame, sway);
    this.#upload();
    this.#place(box, width, height);
    const u = this.#shared;
    const { head, late, lids, rows, shares, blink, lift, opening } = this.#pose;
    set<Matrix3>(u, "u_head").fromArray(head).transpose();
    set<Matrix3>(u, "u_late").fromArray(late).transpose();
    set<Vector3>(u, "u_headMove").fromArray(frame.headTranslation);
    set<Vector3>(u, "u_lateMove").fromArray(sway, 3);
    set<Vector2>(u, "u_blink").fromArray(blink);
    u.u_lift!.value = lift;
    u.u_lids!.value = lids;
    u.u_rows!.value = rows;
    u.u_shares!.value = shares;
    u.u_open!.value = this.model.values.mouth_dark + this.model.values.mouth_light * opening;
    const { iris_radius: iris, pupil_radius: pupil, pupil_reach: reach } = this.model.values;
    set<Vector3>(u, "u_pupil").set(iris, pupil, Math.min(pupil * this.#pupils.follow(frame), reach * iris));
    for (const material of this.#materials) material.uniformsNeedUpdate = true;
  }

  dispose(): void {
    for (const thing of this.#let) thing.dispose();
  }

  #upload(): void {
    const [positions, normals] = this.#moving as [BufferAttribute, BufferAttribute];
    positions.array.set(this.#pose.positions);
    normals.array.set(this.#pose.normals);
    for (const attribute of this.#moving) {
      attribute.clearUpdateRanges();
      attribute.addUpdateRange(0, 3 * this.model.dynamic);
      attribute.needsUpdate = true;
    }
  }

  #place(box: Box, width: number, height: number): void {
    const { half_height_m: half, distance_m: distance } = this.model.values;
    const focal = (box.height / 2 / half) * distance;
    const middle = [box.x + box.width / 2, height - box.y - box.height / 2] as const;
    set<Vector4>(this.#shared, "u_screen").set((2 * focal) / width, (2 * focal) / height, (2 * middle[0]) / width - 1, (2 * middle[1]) / height - 1);
    set<Vector4>(this.#shared, "u_box").set(box.x, height - box.y - box.height, box.width, box.height);
    set<Vector2>(this.#shared, "u_soft").fromArray(box.soft);
  }
}

function set<T>(uniforms: Uniforms, name: string): T {
  return uniforms[name]!.value as T;
}

function geometryOf(model: Model): BufferGeometry {
  const geometry = new BufferGeometry();
  const add = (name: string, array: ConstructorParameters<typeof BufferAttribute>[0], size: number, normalized = false): BufferAttribute => {
    const attribute = new BufferAttribute(array, size, normalized);
    geometry.setAttribute(name, attribute);
    return attribute;
  };
  add("position", model.positions.slice(), 3).setUsage(DynamicDrawUsage);
  add("normal", model.normals.slice(), 3).setUsage(DynamicDrawUsage);
  add("follow", model.follow, 4, true);
  add("albedo", model.albedo, 4, true);
  add("more", model.more, 4, true);
  add("uv", model.uv, 2);
  add("tangent", Int16Array.from({ length: 4 * model.vertices }, (_, i) => (i % 4 < 3 ? model.tangents[3 * (i >> 2) + (i % 4)]! : 0)), 4, true); // of four, for alignment
  geometry.setIndex(new BufferAttribute(model.triangles, 1));
  return geometry;
}

interface Textures {
  visibility: DataTexture;
  grain: DataTexture;
  iris: DataTexture;
}

function texturesOf({ visibility, grain, iris }: Model): Textures {
  const rows = Math.ceil(visibility.length / VISIBILITY_WIDTH);
  const padded = new Uint8Array(rows * VISIBILITY_WIDTH);
  padded.set(visibility);
  const seen = new DataTexture(padded, VISIBILITY_WIDTH, rows, RedFormat, UnsignedByteType);
  seen.minFilter = seen.magFilter = NearestFilter;
  const painted = new Uint8Array(4 * 256 * 256).fill(255);
  for (let i = 0; i < 256 * 256; i++) painted.set(iris.subarray(3 * i, 3 * i + 3), 4 * i);
  const smooth = [new DataTexture(grain, 256, 256, RGBAFormat), new DataTexture(painted, 256, 256, RGBAFormat)] as const;
  for (const texture of smooth) {
    texture.magFilter = LinearFilter;
    texture.minFilter = LinearMipmapLinearFilter;
    texture.generateMipmaps = true;
  }
  smooth[0].wrapS = smooth[0].wrapT = RepeatWrapping;
  for (const texture of [seen, ...smooth]) texture.needsUpdate = true;
  return { visibility: seen, grain: smooth[0], iris: smooth[1] };
}

function uniformsOf(model: Model, textures: Textures): Uniforms {
  const is = model.values;
  const vectors = (rows: number[][], from = 0): Vector3[] => rows.map((row) => new Vector3().fromArray(row, from));
  const towards = vectors(is.lights);
  const half = towards[0]!.clone().add(new Vector3(0, 0, 1)).normalize();
  const values: Record<string, unknown> = {
    u_box: new Vector4(), u_soft: new Vector2(), u_screen: new Vector4(), u_depth: new Vector2(NEAR_M, FAR_M),
    u_studio: vectors(is.background).map((colour) => colour.divideScalar(255)), u_exposure: is.exposure,
    u_head: new Matrix3(), u_late: new Matrix3(), u_headMove: new Vector3(), u_lateMove: new Vector3(), u_pivot: new Vector3().fromArray(is.pivot),
    u_camera: new Vector3().fromArray(is.look_at).add(new Vector3(0, 0, is.distance_m)),
    u_chest: new Vector3(is.chest_forward, ...is.chest_below_m), u_lift: 0,
    u_towards: towards, u_colour: vectors(is.lights, 3), u_sky: vectors(is.ambient),
    u_rows: new Int32Array(12), u_shares: new Float32Array(12), u_visibility: textures.visibility, u_vertices: model.vertices,
    u_blink: new Vector2(), u_open: 1, u_lids: new Float32Array(0), u_shade: is.shade_eye_per_m,
    u_middle: (is.eye_centres[0]![0]! + is.eye_centres[1]![0]!) / 2,
    u_grain: textures.grain, u_iris: textures.iris, u_pupil: new Vector3(), u_half: half,
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

/** The two wraps of a kind's two parts: cloth and skin, hair and what is finer. */
function wrapsOf(kind: Kind, { wrap }: Model["values"]): number[][] {
  switch (kind) {
    case "surface": return [wrap.cloth, wrap.skin];
    case "strand": return [wrap.hair, wrap.fine];
    case "mouth": return [wrap.mouth, wrap.mouth];
    case "eye": return [wrap.eye, wrap.eye];
  }
}

function materialOf(group: Group, model: Model, shared: Uniforms): RawShaderMaterial {
  const { kind } = group;
  const { values } = model;
  const own: Uniforms = {
    u_wrap: { value: wrapsOf(kind, values).map((reach) => new Vector3().fromArray(reach)) },
    u_lobes: { value: new Vector3().fromArray(kind === "mouth" ? values.lobes.mouth : values.lobes.surface) },
    u_key: { value: kind === "mouth" ? new Vector3(1, 1, 1) : new Vector3().fromArray(values.lights[0]!, 3) },
  };
  return new RawShaderMaterial({
    glslVersion: GLSL3, vertexShader: vertexShader(kind), fragmentShader: pixelShader(kind), uniforms: { ...shared, ...own },
    side: group.two_sided ? DoubleSide : FrontSide,
  });
}

function backdropOf(shared: Uniforms): Mesh {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(Float32Array.of(-1, -1, 0, 3, -1, 0, -1, 3, 0), 3));
  const material = new RawShaderMaterial({
    glslVersion: GLSL3, vertexShader: backdropVertex, fragmentShader: backdropPixel, uniforms: { ...shared }, depthTest: false, depthWrite: false,
  });
  const mesh = new Mesh(geometry, material);
  mesh.renderOrder = -1;
  return mesh;
}
