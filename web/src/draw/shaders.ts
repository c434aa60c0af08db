/** Light at the vertices and colour at the pixels: the twins of render/light.py, render/shade.py and render/picture.py. */

import type { Kind } from "./model";
import { LID_VALUES } from "./pose";

export const VISIBILITY_WIDTH = 2048;

/** What every program knows. `u_box`: the picture's place on the canvas, x, y from below, width, height in pixels. */
const common = `
precision highp float;
precision highp int;
uniform vec4 u_box;
uniform vec2 u_soft;
uniform vec3 u_studio[2];
uniform float u_exposure;
`;

/** The quiet background, and where the person fades into it: at the picture's sides and top. */
const studio = `
float speck(vec2 p) { return fract(sin(dot(p, vec2(12.9898, 78.233))) * 43758.5453) - 0.5; }
vec2 place() { return vec2((gl_FragCoord.x - u_box.x) / u_box.z, 1.0 - (gl_FragCoord.y - u_box.y) / u_box.w); }
vec3 studio(vec2 at) {
  float away = length(vec2((at.x - 0.5) * 1.1 * u_box.z / u_box.w, at.y - 0.45));
  float share = pow(clamp(away / 0.75, 0.0, 1.0), 1.4);
  return mix(u_studio[0], u_studio[1], share) + 2.0 / 255.0 * speck(gl_FragCoord.xy);
}
vec3 shown(vec3 colour) {
  vec2 at = place();
  vec2 edge = clamp(vec2(min(at.x, 1.0 - at.x), at.y) / max(u_soft, 1e-6), 0.0, 1.0);
  return mix(studio(at), colour, edge.x * edge.y);
}
vec3 tone(vec3 light) {
  vec3 x = clamp(light, 0.0, 4.0) * u_exposure;
  vec3 y = clamp(x * (2.2 * x + 0.12) / (x * (1.95 * x + 0.62) + 0.16), 0.0, 1.0);
  return mix(1.055 * pow(max(y, 1e-9), vec3(1.0 / 2.4)) - 0.055, 12.92 * y, lessThan(y, vec3(0.0031308)));
}
`;

const posing = `
in vec3 position, normal, tangent;
in vec4 follow, albedo, more;
in vec2 uv;
uniform mat3 u_head, u_late;
uniform vec3 u_headMove, u_lateMove, u_pivot, u_camera;
uniform vec3 u_chest;
uniform vec2 u_depth;
uniform vec4 u_screen;
uniform float u_lift;
uniform vec3 u_towards[3], u_colour[3], u_sky[2], u_wrap[2];
uniform ivec4 u_rows[3];
uniform vec4 u_shares[3];
uniform highp sampler2D u_visibility;
uniform int u_vertices;
uniform vec2 u_blink;
centroid out vec3 v_rgb;
centroid out vec2 v_uv;
centroid out vec3 v_more;
centroid out vec3 v_view;

float seen(int row) {
  int at = row * u_vertices + gl_VertexID;
  return texelFetch(u_visibility, ivec2(at % ${VISIBILITY_WIDTH}, at / ${VISIBILITY_WIDTH}), 0).r;
}
vec3 shadows() {
  vec3 out_;
  for (int n = 0; n < 3; n++) {
    ivec4 row = u_rows[n];
    out_[n] = dot(u_shares[n], vec4(seen(row.x), seen(row.y), seen(row.z), seen(row.w)));
  }
  return out_;
}
/* Diffuse light that reaches beyond the edge of the lit side, softened towards it. */
vec3 wrapped(float cosine, vec3 reach) {
  vec3 y = max((cosine + reach) / (1.0 + reach), 0.0);
  return y * (0.65 + 0.35 * y * (3.0 - 2.0 * y));
}
vec3 pose(out vec3 turned) {
  float rest = 1.0 - follow.x - follow.y;
  float forward = u_chest.x * clamp((u_pivot.y - position.y - u_chest.y) / (u_chest.z - u_chest.y), 0.0, 1.0);
  vec3 away = position + rest * u_lift * vec3(0.0, 1.0, forward) - u_pivot;
  mat3 turn = mat3(rest) + follow.x * u_head + follow.y * u_late;
  turned = turn * normal;
  return turn * away + u_pivot + follow.x * u_headMove + follow.y * u_lateMove;
}
void place(vec3 posed) {
  float w = u_camera.z - posed.z;
  gl_Position = vec4(u_screen.xy * (posed.xy - u_camera.xy) + u_screen.zw * w, ((u_depth.x + u_depth.y) * w - 2.0 * u_depth.x * u_depth.y) / (u_depth.y - u_depth.x), w);
}
`;

const vertex: Record<Kind, string> = {
  surface: `
void main() {
  vec3 n;
  vec3 posed = pose(n);
  place(posed);
  vec3 view = normalize(u_camera - posed);
  float facing = dot(n, view);
  if (more.z > 0.5 && facing < 0.0) { n = -n; facing = -facing; }
  facing = max(facing, 0.0);
  float skin = more.w;
  float lid = dot(follow.zw, u_blink);
  float a = more.x + max(0.85 - more.x, 0.0) * lid;
  float up = 0.5 + 0.5 * n.y;
  vec3 open = a + skin * vec3(0.5 * (sqrt(a) - a), 0.0, 0.4 * (a * a - a));
  vec3 light = mix(u_sky[1], u_sky[0], up) * open;
  vec3 shadow = shadows();
  vec3 reach = mix(u_wrap[0], u_wrap[1], skin);
  for (int k = 0; k < 3; k++) {
    float s = shadow[k] + max(0.9 - shadow[k], 0.0) * lid;
    vec3 tinted = s + skin * vec3(0.45 * (sqrt(s) - s), 0.1 * (s * s - s), 0.25 * (s * s - s));
    light += u_colour[k] * wrapped(dot(n, u_towards[k]), reach) * tinted;
  }
  float gloss = albedo.a * (0.25 + 0.75 * shadow[0]) * min(1.0, a * 1.4);
  float f = 1.0 - facing;
  float rim = max(dot(n, u_towards[2]), 0.0) * f * f * f * gloss;
  v_rgb = light * albedo.rgb + rim * u_colour[2];
  v_uv = uv;
  v_more = vec3(more.y, dot(n, normalize(u_towards[0] + view)), gloss * (1.0 + 3.0 * f * f * f * f * f));
  v_view = view;
}`,
  strand: `
void main() {
  vec3 n;
  vec3 posed = pose(n);
  place(posed);
  vec3 view = normalize(u_camera - posed);
  if (more.z > 0.5 && dot(n, view) < 0.0) n = -n;
  float up = 0.5 + 0.5 * n.y;
  vec3 light = mix(u_sky[1], u_sky[0], up) * more.x;
  vec3 shadow = shadows();
  vec3 reach = mix(u_wrap[0], u_wrap[1], more.w);
  for (int k = 0; k < 3; k++) light += u_colour[k] * wrapped(dot(n, u_towards[k]), reach) * shadow[k];
  vec3 along = tangent + (follow.x + follow.y) * (u_head * tangent - tangent);
  v_rgb = light * albedo.rgb;
  v_uv = uv;
  v_more = vec3(more.y, dot(along, normalize(u_towards[0] + view)), albedo.a * (0.15 + 0.85 * shadow[0]) * more.x);
  v_view = view;
}`,
  mouth: `
uniform float u_open;
void main() {
  vec3 n;
  vec3 posed = pose(n);
  place(posed);
  vec3 view = normalize(u_camera - posed);
  float facing = dot(n, view);
  if (more.z > 0.5 && facing < 0.0) { n = -n; facing = -facing; }
  facing = max(facing, 0.0);
  float a = more.x * u_open;
  vec3 light = mix(u_sky[1], u_sky[0], 0.5 + 0.5 * n.y) * vec3(0.5 * (a + sqrt(a)), a, a * (0.6 + 0.4 * a));
  for (int k = 0; k < 3; k++) light += u_colour[k] * wrapped(dot(n, u_towards[k]), u_wrap[0]) * a;
  float gloss = albedo.a * a;
  v_rgb = light * albedo.rgb + 0.1 * gloss * pow(1.0 - facing, 5.0);
  v_uv = uv;
  v_more = vec3(more.y, dot(n, normalize(u_towards[0] + view)), gloss);
  v_view = view;
}`,
  eye: `
uniform float u_lids[${2 * LID_VALUES}];
uniform float u_middle, u_shade;
void main() {
  vec3 n;
  vec3 posed = pose(n);
  place(posed);
  int lid = position.x > u_middle ? 0 : ${LID_VALUES};
  float along = (position.x - u_lids[lid]) / (u_lids[lid + 1] - u_lids[lid]);
  float at = clamp(along * 15.0, 0.0, 14.99);
  int step_ = int(at);
  float height = mix(u_lids[lid + 2 + step_], u_lids[lid + 3 + step_], at - float(step_));
  float t = clamp((height - position.y) * u_shade + 0.12, 0.0, 1.0);
  float corner = min(1.0, min(along, 1.0 - along) * 5.0 + 0.35);
  float a = max((0.30 + 0.70 * t * (2.0 - t)) * corner, 0.0);
  vec3 light = mix(u_sky[1], u_sky[0], 0.5 + 0.5 * n.y) * a;
  for (int k = 0; k < 3; k++) light += u_colour[k] * wrapped(dot(n, u_towards[k]), u_wrap[0]) * a;
  v_rgb = light * albedo.rgb;
  v_uv = uv;
  v_more = vec3(n.xy, albedo.a * min(1.0, a * 2.0));
  v_view = u_camera - posed;
}`,
};

const received = `
centroid in vec3 v_rgb;
centroid in vec2 v_uv;
centroid in vec3 v_more;
centroid in vec3 v_view;
out vec4 o_colour;
`;

const grain = `
uniform sampler2D u_grain;
vec4 grain() { return (texture(u_grain, v_uv) * 255.0 - 128.0) / 127.0; }
`;

/** Skin, cloth and mouth: pores, and highlights of power 32, 8 and 64 on a normal that the pores disturb. */
const surfacePixel = `${grain}
uniform vec3 u_lobes, u_key;
void main() {
  vec4 g = grain();
  float am = v_more.x;
  float bump = am * g.y;
  float h = max(v_more.y + bump, 0.0) / sqrt(max(1.0 + 2.0 * bump + am * am * g.z, 0.1));
  float h8 = pow(h, 8.0), h32 = h8 * h8 * h8 * h8;
  float shine = (u_lobes.x * h32 + u_lobes.y * h8 + u_lobes.z * h32 * h32) * v_more.z;
  o_colour = vec4(shown(tone(v_rgb * (1.0 + am * g.x * vec3(0.55, 0.9, 0.9)) + shine * u_key)), 1.0);
}`;

const pixel: Record<Kind, string> = {
  surface: surfacePixel,
  mouth: surfacePixel,
  strand: `${grain}
void main() {
  float strand = grain().w;
  float ta = v_more.y + 0.10 + 0.16 * strand, tb = v_more.y - 0.14 + 0.22 * strand;
  float a = pow(max(1.0 - ta * ta, 0.0), 32.0) * v_more.z, b = pow(max(1.0 - tb * tb, 0.0), 8.0) * v_more.z;
  o_colour = vec4(shown(tone(v_rgb * (1.0 + v_more.x * strand) * (1.0 + 2.0 * b) + a * vec3(0.30, 0.27, 0.24))), 1.0);
}`,
  eye: `
uniform sampler2D u_iris;
uniform vec3 u_pupil, u_half;
float window_(vec2 r, vec2 at, float steep) { vec2 d = max(vec2(0.0), 1.0 - abs(r - at) * steep); return d.x * d.y; }
void main() {
  float radius = length(v_uv) + 1e-6;
  vec2 uv = v_uv;
  if (radius < u_pupil.x) {
    float inner = radius * u_pupil.y / u_pupil.z;
    float outer = u_pupil.x - (u_pupil.x - radius) * (u_pupil.x - u_pupil.y) / (u_pupil.x - u_pupil.z);
    uv *= (radius < u_pupil.z ? inner : outer) / radius;
  }
  vec3 paint = texture(u_iris, (clamp(vec2(0.5 + 0.5 * uv.x, 0.5 - 0.5 * uv.y), 0.0, 1.0) * 255.0 + 0.5) / 256.0).rgb;
  vec3 n = vec3(v_more.xy, sqrt(max(1.0 - dot(v_more.xy, v_more.xy), 0.0)));
  vec3 view = normalize(v_view);
  float facing = max(dot(n, view), 0.0);
  vec2 r = 2.0 * facing * n.xy - view.xy;
  float box = min(1.0, window_(r, vec2(-0.32, 0.26), 4.2) * 5.0) * 3.2;
  float shine = (pow(max(dot(n, u_half), 0.0), 512.0) * 0.5 + box + window_(r, vec2(0.36, -0.30), 6.0) * 0.6 + pow(1.0 - facing, 5.0) * 0.25) * v_more.z;
  o_colour = vec4(shown(tone(v_rgb * paint * paint + shine)), 1.0);
}`,
};

export const vertexShader = (kind: Kind): string => common + posing + vertex[kind];
export const pixelShader = (kind: Kind): string => common + studio + received + pixel[kind];

export const backdropVertex = `${common}
in vec3 position;
void main() { gl_Position = vec4(position.xy, 1.0, 1.0); }`;
export const backdropPixel = `${common}${studio}
out vec4 o_colour;
void main() { o_colour = vec4(studio(place()), 1.0); }`;
