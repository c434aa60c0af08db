"""One frame's work before its bands are drawn: the weights to posed, lit vertices on the screen and triangles in bands."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

from visavis.arkit import INDEX
from visavis.head.gaze import gaze_angles
from visavis.render import light, pose, raster
from visavis.render.mesh import I32, Part
from visavis.render.paint import band_count
from visavis.render.prepare import Prepared, rotation
from visavis.types import F32, FaceFrame

U32: TypeAlias = np.typing.NDArray[np.uint32]
WEIGHT_FLOOR: Final = 1e-3
VIEW_REACH_RAD: Final = 0.08
"""How far beyond the middle of the outermost cells of head poses their lists still serve."""
LID_POINTS: Final = 16
TONGUE_ARCH_M: Final = 0.006
"""Half way out the tongue rises by this over the straight line, which would lead it through the lower lip."""
LIFT_MOST_M: Final = 0.004
"""Shoulders rise with a head that breath lifts, but not with one that is carried away."""
CHEST_FORWARD: Final = 0.7
CHEST_BELOW_M: Final = (0.04, 0.10)
"""A rising chest comes forward by this share, from so far below the head's joint on."""
MOUTH_DARK: Final = 0.07
"""Light inside the closed mouth: white in its seam would show at once."""
MOUTH_LIGHT: Final = 0.68
"""What an open mouth adds to it."""
OPENING: Final = {
    "jawOpen": 1.4,
    "mouthFunnel": 0.12,
    "mouthSmileLeft": 0.225,
    "mouthSmileRight": 0.225,
    "mouthUpperUpLeft": 0.25,
    "mouthUpperUpRight": 0.25,
    "mouthLowerDownLeft": 0.25,
    "mouthLowerDownRight": 0.25,
}
_TONGUE: Final = INDEX["tongueOut"]


class FrameBuffers:
    """The arrays one engine writes while it prepares a frame; `prepare_frame` fills them, the bands read them."""

    def __init__(self, person: Prepared, width: int, height: int) -> None:
        mesh, vertices, triangles = person.mesh, len(person.positions), len(person.triangles)
        focal = height / 2 / mesh.half_height_m * mesh.distance_m
        self.camera = np.array([*mesh.look_at, focal, width / 2, height / 2], np.float32)
        self.camera[2] += mesh.distance_m
        self.centre_z = float(mesh.look_at[2])
        self.size = width, height
        self.turn: F32 | None = None
        self.shape = np.empty((vertices, 3), np.float32)
        self.normals = person.normals.copy()
        self.posed = np.empty((vertices, 3), np.float32)
        self.turned = np.empty((vertices, 3), np.float32)
        self.screen = np.empty((vertices, 3), np.float32)
        self.faces = np.empty((len(person.bent_triangles), 3), np.float32)
        self.shadow = np.empty((3, person.shaded), np.float32)
        self.rows = np.zeros((vertices, light.ROW), np.float32)
        self.rows[:, 3:6] = person.looks[:, 4:7]
        self.first = np.empty(triangles, np.int32)
        self.last = np.empty(triangles, np.int32)
        self.planes = np.empty((triangles, 12), np.float32)
        self.starts = np.zeros(band_count(height) + 1, np.int32)
        self.listed = np.empty(triangles * 2, np.uint32)
        self.sheer_starts = np.zeros(band_count(height) + 1, np.int32)
        self.sheer_listed = np.empty(len(person.sheer) * 2, np.uint32)
        self.eye_rest_normals = [person.normals[a:b].copy() for a, b in person.eye_spans]
        self.set = np.zeros((6, 6), np.float32)
        self.set[:3], self.set[3:5, :3], self.set[5, :3] = mesh.lights, mesh.ambient, self.camera[:3]
        self.half = half_vector(self.set)
        self.torso, self.torso_rise = torso_of(person)
        self.tongue, self.tongue_arch = tongue_of(person)

    def orbit(self, yaw_rad: float, height_m: float) -> None:
        """Look from another side: the camera goes round `look_at`, up by `height_m`, still looking level, `look_at` in the middle."""
        turn = rotation(yaw_rad, 0.0, 0.0)
        self.turn = np.ascontiguousarray(turn.T)
        self.camera[1] += height_m
        self.camera[5] -= self.camera[3] * height_m / (self.camera[2] - self.centre_z)
        self.set[:3, :3] = self.set[:3, :3] @ turn
        self.set[5, :3] = self.camera[:3]
        self.half = half_vector(self.set)

    def geometry(self, person: Prepared) -> tuple[np.typing.NDArray[np.generic], ...]:
        """What `render.paint` takes as `geometry`."""
        return (self.screen, person.triangles, self.starts, self.listed, self.planes, self.rows, person.surfaces,
                self.sheer_starts, self.sheer_listed)  # fmt: skip


def torso_of(person: Prepared) -> tuple[np.typing.NDArray[np.intp], F32]:
    """The vertices that do not wholly follow the head, and how they go with a metre of breath: float32 [n, 3].

    What the head leaves of a vertex the breath takes, so that neck and collar stay closed.
    """
    left = 1 - person.follow.sum(1)
    torso = np.flatnonzero(left > WEIGHT_FLOOR)
    below = person.mesh.pivot[1] - person.positions[torso, 1]
    forward = CHEST_FORWARD * np.clip((below - CHEST_BELOW_M[0]) / (CHEST_BELOW_M[1] - CHEST_BELOW_M[0]), 0, 1)
    rise = left[torso, None] * np.stack([np.zeros_like(forward), np.ones_like(forward), forward], 1)
    return torso, rise.astype(np.float32)


def tongue_of(person: Prepared) -> tuple[np.typing.NDArray[np.intp], F32]:
    """What of the mouth tongueOut moves, and its rise half way: float32 [n], metres, most at the tip."""
    first, past = person.shape_offsets[_TONGUE : _TONGUE + 2]
    indices, deltas = person.shape_indices[first:past], person.shape_deltas[first:past]
    mouth = (indices >= person.spans[Part.MOUTH, 0]) & (indices < person.spans[Part.MOUTH, 1])
    way = np.linalg.norm(deltas[mouth], axis=1)
    return indices[mouth].astype(np.intp), (TONGUE_ARCH_M * way / max(float(way.max(initial=0)), 1e-9)).astype(np.float32)


def half_vector(set_: F32) -> F32:
    """float32 [3] unit: between the key light and the direction to the viewer in the middle of the picture."""
    middle = set_[0, :3] + np.array([0, 0, 1], np.float32)
    return (middle / np.linalg.norm(middle)).astype(np.float32)


def prepare_frame(person: Prepared, at: FrameBuffers, face: FaceFrame, sway: F32) -> None:
    """Everything of a frame that is not a pixel. sway float32 [6]: the head as its trailing parts feel it (`sway.Sway`)."""
    mesh = person.mesh
    head = rotation(*(float(a) for a in face.head_rotation))
    late = rotation(*(float(a) for a in sway[:3]))
    weights = np.clip(face.weights, 0, 1)
    weights[weights < WEIGHT_FLOOR] = 0
    looks = gaze_angles(weights, face.gaze)
    pose.blend_shapes(person.positions, person.shape_offsets, person.shape_indices, person.shape_deltas, weights, at.shape)
    out = weights[_TONGUE]
    at.shape[at.tongue, 1] += at.tongue_arch * (4 * out * (1 - out))
    at.shape[at.torso] += at.torso_rise * np.float32(LIFT_MOST_M * np.tanh(face.head_translation[1] / LIFT_MOST_M))
    for eye in range(2):
        pose.turn_eye(person.eye_spans[eye, 0], mesh.eye_centres[eye], mesh.eye_rest[eye], at.eye_rest_normals[eye],
                      rotation(looks[eye, 0], looks[eye, 1], 0.0), at.shape, at.normals)  # fmt: skip
    pose.bend_normals(at.shape, person.bent_triangles, person.bent_vertices, person.bent_starts, person.bent_around,
                      at.faces, at.normals)  # fmt: skip
    pose.pose_project(at.shape, at.normals, person.follow, mesh.pivot, np.vstack([head, face.head_translation]),
                      np.vstack([late, sway[3:]]).astype(np.float32), at.camera, at.posed, at.turned, at.screen)  # fmt: skip
    if at.turn is not None:
        turn_world(at, mesh.look_at)
        head_seen = (at.turn @ head).astype(np.float32)
    else:
        head_seen = head
    _light(person, at, weights, head, head_seen)
    _sort_into_bands(person, at, face.head_rotation)


def turn_world(at: FrameBuffers, middle: F32) -> None:
    """What `orbit` asks for: the posed person turned before a camera that stays."""
    assert at.turn is not None
    at.posed[:] = (at.posed - middle) @ at.turn.T + middle
    at.turned[:] = at.turned @ at.turn.T
    near = 1 / (at.camera[2] - at.posed[:, 2])
    at.screen[:, 0] = at.camera[4] + at.camera[3] * (at.posed[:, 0] - at.camera[0]) * near
    at.screen[:, 1] = at.camera[5] - at.camera[3] * (at.posed[:, 1] - at.camera[1]) * near
    at.screen[:, 2] = near


def _light(person: Prepared, at: FrameBuffers, weights: F32, head: F32, head_seen: F32) -> None:
    mesh, spans = person.mesh, person.spans
    nearest, share = light_cones(mesh.lights[:, :3] @ head, mesh.directions)
    light.soft_shadow(person.visibility, nearest, share, at.shadow)
    blink = weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]]
    for part in (Part.SKIN, Part.CLOTH):
        light.light_surface(spans[part], np.float32(part == Part.SKIN), at.posed, at.turned, person.facing, person.occlusion,
                            at.shadow, person.lids, blink, person.looks, mesh.wrap[part], at.set, at.rows)  # fmt: skip
    for part in (Part.HAIR, Part.FINE):
        light.light_strands(spans[part], at.posed, at.turned, person.facing, person.occlusion, at.shadow, person.tangents,
                            person.follow, head_seen, person.looks, mesh.wrap[part], at.set, at.rows)  # fmt: skip
    opening = min(1.0, sum(k * float(weights[INDEX[name]]) for name, k in OPENING.items()))
    light.light_mouth(spans[Part.MOUTH], np.float32(MOUTH_DARK + MOUTH_LIGHT * opening), at.posed, at.turned, person.facing,
                      person.occlusion, person.looks, mesh.wrap[Part.MOUTH], at.set, at.rows)  # fmt: skip
    for eye in range(2):
        light.light_eye(person.eye_spans[eye], lid_heights(at.shape[person.lid_lines[eye]]), at.shape, at.turned, person.looks,
                        mesh.wrap[Part.EYE], at.set, at.rows)  # fmt: skip


def light_cones(towards: F32, directions: F32) -> tuple[np.typing.NDArray[np.int64], F32]:
    """The baked directions nearest to each light and their shares, [lights, 4] each; shares change continuously as lights turn."""
    cosines = towards @ directions.T
    ranks = np.minimum(np.arange(light.CONE + 1), len(directions) - 1)
    near = np.argsort(-cosines, axis=1)[:, ranks]
    values = np.take_along_axis(cosines, near, 1)
    share = values[:, : light.CONE] - values[:, light.CONE :] + 1e-6
    return near[:, : light.CONE].astype(np.int64), (share / share.sum(1, keepdims=True)).astype(np.float32)


def lid_heights(line: F32) -> F32:
    """float32 [18]: where an upper lash line [k, 3] begins and ends in x, and its height at `LID_POINTS` even steps between."""
    order = np.argsort(line[:, 0])
    x, y = line[order, 0], line[order, 1]
    return np.concatenate([x[[0, -1]], np.interp(np.linspace(x[0], x[-1], LID_POINTS), x, y)]).astype(np.float32)


def view_of(poses: F32, head_rotation: F32) -> int:
    """Which of `Prepared.views` serves a head: the nearest cell, or the last, everything, where the head is turned beyond them all."""
    if len(poses) == 0 or (np.abs(head_rotation[:2]) > np.abs(poses).max(0) + VIEW_REACH_RAD).any():
        return len(poses)
    return int(np.argmin(((poses - head_rotation[:2]) ** 2).sum(1)))


def _sort_into_bands(person: Prepared, at: FrameBuffers, head_rotation: F32) -> None:
    chosen = person.views[view_of(person.mesh.view_poses, head_rotation)]
    at.listed = _into_bands(person, at, chosen, at.starts, at.listed)
    if len(person.sheer):
        near = at.screen[person.triangles[person.sheer], 2].sum(1)
        furthest_first = person.sheer[np.argsort(near, kind="stable")]
        at.sheer_listed = _into_bands(person, at, furthest_first, at.sheer_starts, at.sheer_listed)


def _into_bands(person: Prepared, at: FrameBuffers, chosen: U32, starts: I32, listed: U32) -> U32:
    """Fills `starts` and `listed`, or a longer list where that is too short; returns the one that was filled."""
    raster.cull(at.screen, person.triangles, person.mesh.two_sided, chosen, *at.size, at.first, at.last)
    need = raster.fill_bands(chosen, at.first, at.last, starts, listed)
    if need > len(listed):
        listed = np.empty(need + need // 4, np.uint32)
        raster.fill_bands(chosen, at.first, at.last, starts, listed)
    return listed
