"""The arrays of a character's RenderMesh: cut to the frame, parts told apart, looks at the vertices, texels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import SHAPES
from visavis.engines.rig.characters.anatomy import Anatomy
from visavis.engines.rig.characters.eyeballs import Eyeball, lid_line
from visavis.engines.rig.characters.gather import Gathered
from visavis.engines.rig.characters.materials import SKIN, Finish, bake_normal_map, flat_colour, is_mouth, sheer_triangles
from visavis.engines.rig.characters.stage import Stage
from visavis.engines.rig.look import fitted_textures
from visavis.engines.rig.people.eyes import IRIS, PUPIL, iris_texture
from visavis.engines.rig.people.finish import DISTANCE_M
from visavis.engines.rig.people.textures import noise_tile
from visavis.errors import BadInput, TooLarge
from visavis.render.mesh import MAX_VERTICES, TEXEL, Part, RenderMesh
from visavis.render.prepare import unit_normals

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LID_POINTS: Final = 14
MOVES_M: Final = 2e-5
BEYOND: Final = 1.6
"""What lies further from the frame's middle than this, in halves of its height, is left out."""
SAME_NORMAL: Final = 0.80
"""Vertices at one place share a normal where the file's own are nearer than this cosine."""
DRAWN_TALLEST: Final = 1_080
"""Textures keep what a picture of this height could show."""
UNSEEN_M: Final = 10.0
IRIS_COLOUR: Final = (0.115, 0.085, 0.045)
PORES: Final = 0.05
MOUTH_GLOSS: Final = 0.5
EYE_SHADE: Final = 0.78
"""Eyes are often painted white; those of people are not."""


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """All that is known of a character; vertices as in `gathered`.

    names [p] of each primitive's node, mesh and material · fields: shapes, dense, in the character's units · same [v]: one number for
    all vertices at one place · follow [v, 2]: how far a vertex follows the head, and how much of that comes late
    """

    gathered: Gathered
    anatomy: Anatomy
    stage: Stage
    finishes: dict[int, Finish]
    names: list[str]
    fields: dict[str, F64]
    eyes: tuple[Eyeball, Eyeball] | None
    same: npt.NDArray[np.int32]
    follow: F64

    def finish(self, piece: int) -> Finish:
        return self.finishes[self.gathered.material[piece]]


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """What is kept. source [n] vertex of `gathered` each kept vertex comes from (-1: an unseen one at `places`) · triangles [t, 3] of
    them, of triangle numbers `kept` [t] · sheer [t] · eye_ranges [2, 2] · lid_lines [2, k]
    """

    source: I64
    places: F64
    triangles: npt.NDArray[np.int32]
    kept: I64
    sheer: Bools
    eye_ranges: npt.NDArray[np.int32]
    lid_lines: npt.NDArray[np.int32]


def dress(raw: Raw) -> RenderMesh:
    """Raises TooLarge where too much is left in the frame, BadInput where nothing is."""
    frame = raw.stage.frame
    metres = (raw.gathered.positions - frame.origin) * frame.scale
    uv = _texture_coordinates(raw)
    chosen = _choose(raw, metres, uv)
    at = np.where(chosen.source >= 0, chosen.source, 0)
    positions = np.where(chosen.source[:, None] >= 0, metres[at], chosen.places)
    part = _parts(raw, at, chosen)
    looks = _looks(raw, at, part, uv, metres)
    offsets, indices, deltas = _shapes(raw, at, chosen, part)
    triangle_piece = raw.gathered.triangle_piece[chosen.kept]
    pieces, group = np.unique(triangle_piece, return_inverse=True)
    two_sided = np.array([raw.finish(p).two_sided for p in pieces])[group] | chosen.sheer
    facing = np.zeros(len(at), np.bool_)
    facing[chosen.triangles[two_sided]] = True
    _bake_normal_maps(raw, positions, chosen, uv, at)
    texels, sizes, textures = _texels(raw, pieces.astype(np.int64))
    light, eyes = raw.stage.light, raw.eyes
    first, past = chosen.eye_ranges.T
    centres = _eye_centres(raw)
    rest = np.stack([positions[a:b] - c for a, b, c in zip(first, past, centres, strict=True)])
    if eyes is None:
        rest = np.zeros_like(rest)
    blink = np.stack([_blink_share(raw, side)[at] for side in ("Left", "Right")], 1)
    mesh = RenderMesh(
        positions=positions.astype(np.float32), triangles=chosen.triangles, part=part,
        triangle_part=part[chosen.triangles[:, 0]], triangle_group=group.astype(np.int16), two_sided=two_sided, facing=facing,
        head_weight=np.clip(raw.follow[at, 0], 0, 1).astype(np.float32), lag_weight=np.clip(raw.follow[at, 1], 0, 1).astype(np.float32),
        pivot=((raw.anatomy.pivot - frame.origin) * frame.scale).astype(np.float32),
        shape_offsets=offsets, shape_indices=indices, shape_deltas=deltas,
        eye_ranges=chosen.eye_ranges, eye_centres=centres.astype(np.float32), eye_rest=rest.astype(np.float32),
        lid_lines=chosen.lid_lines, lid_weight=blink.astype(np.float32), **looks,
        tangent=np.tile(np.array([0, 1, 0], np.float32), (len(at), 1)), noise=noise_tile(5).astype(np.float32),
        iris=iris_texture(_iris_colour(raw), 5).astype(np.float32),
        directions=np.array([[0, 1, 0]], np.float32), visibility=np.full((1, len(at)), 255, np.uint8),
        occlusion=np.ones(len(at), np.float32), lights=light.lights.astype(np.float32), ambient=light.ambient.astype(np.float32),
        wrap=light.wrap.astype(np.float32), background=light.background.astype(np.float32),
        look_at=np.array([0, frame.look_at_y, 0], np.float32), view_poses=np.zeros((0, 2), np.float32),
        view_visible=np.zeros((0, len(chosen.triangles)), np.bool_), iris_radius=IRIS, pupil_radius=PUPIL, exposure=light.exposure,
        distance_m=DISTANCE_M, half_height_m=frame.half_height_m, texels=texels, texture_sizes=sizes, group_texture=textures,
        sheer=chosen.sheer, smooth=_smooth(raw, at),
    )  # fmt: skip
    focal = DRAWN_TALLEST / 2 / frame.half_height_m * DISTANCE_M
    smaller, table, _ = fitted_textures(mesh, focal)
    mesh = replace(mesh, texels=np.asarray(smaller, np.uint8), texture_sizes=table[:, 1:].astype(np.int32))
    mesh.validate()
    return mesh


def _texture_coordinates(raw: Raw) -> F64:
    """[v, 2] as the vertex's own material reads them."""
    gathered = raw.gathered
    uv = np.zeros((len(gathered.positions), 2))
    for piece in range(len(gathered.material)):
        finish, of = raw.finish(piece), gathered.piece == piece
        given = gathered.uv[min(finish.uv_set, 1)][of]
        moved = given @ finish.uv_matrix[:, :2].T + finish.uv_matrix[:, 2]
        for axis in range(2):
            if finish.clamp[axis]:
                moved[:, axis] = np.clip(moved[:, axis], 1e-3, 1 - 1e-3)
        uv[of] = moved
    return uv


def _choose(raw: Raw, metres: F64, uv: F64) -> Chosen:
    gathered, frame = raw.gathered, raw.stage.frame
    reach = BEYOND * frame.half_height_m
    inside = (np.abs(metres[:, 0]) < reach) & (np.abs(metres[:, 1] - frame.look_at_y) < reach)
    kept = np.flatnonzero(inside[gathered.triangles].any(1))
    sheer = np.zeros(len(kept), np.bool_)
    gone = np.zeros(len(kept), np.bool_)
    for piece in range(len(gathered.material)):
        finish = raw.finish(piece)
        of = np.flatnonzero(gathered.triangle_piece[kept] == piece)
        if finish.blended and finish.picture is not None and len(of):
            sheer[of], gone[of] = sheer_triangles(finish.picture, uv[gathered.triangles[kept[of]]])
    kept, sheer = kept[~gone], sheer[~gone]
    if len(kept) == 0:
        raise BadInput("Nothing of the character is in the picture.", mend="See `view` in mapping.toml.")
    corners = gathered.triangles[kept]
    used = np.unique(corners)
    if raw.eyes is None:
        eyes = [np.full(1, -1, np.int64)] * 2
    else:
        eyes = [np.intersect1d(eye.vertices, used) for eye in raw.eyes]
        size = max(map(len, eyes))
        eyes = [np.concatenate([e, np.full(size - len(e), e[-1] if len(e) else -1, np.int64)]) for e in eyes]
    others = np.setdiff1d(used, np.concatenate(eyes))
    if len(others) > MAX_VERTICES // 2:
        raise TooLarge(f"The character has {len(others)} vertices in the picture; at most {MAX_VERTICES // 2} are drawn.")
    lines, line_places = _lid_lines(raw, others)
    source = np.concatenate([others, *eyes, np.full(len(line_places), -1)])
    places = np.zeros((len(source), 3))
    places[len(source) - len(line_places) :] = line_places
    moved = np.full(len(metres), -1, np.int64)
    moved[source[source >= 0][::-1]] = np.flatnonzero(source >= 0)[::-1]
    ranges = len(others) + np.array([[0, len(eyes[0])], [len(eyes[0]), 2 * len(eyes[0])]])
    if raw.eyes is None:
        places[ranges[:, 0]] = _eye_centres(raw)
    lid_lines = moved[lines] if lines is not None else len(source) - 4 + np.arange(4).reshape(2, 2)
    return Chosen(
        source, places, moved[corners].astype(np.int32), kept, sheer, ranges.astype(np.int32), lid_lines.astype(np.int32)
    )


def _lid_lines(raw: Raw, others: I64) -> tuple[I64 | None, F64]:
    """Vertices [2, k] along the upper lids, or four unseen places far above that shade nothing."""
    found = []
    for side, eye in zip(("Left", "Right"), raw.eyes or (), strict=False):
        line = lid_line(raw.gathered.positions, raw.fields.get(f"eyeBlink{side}"), eye, LID_POINTS)
        if line is not None and np.isin(line, others).all():
            found.append(line[np.round(np.linspace(0, len(line) - 1, LID_POINTS)).astype(int)])
    if len(found) == 2:
        return np.stack(found), np.zeros((0, 3))
    return None, np.array([[c[0] + x, c[1] + UNSEEN_M, c[2]] for c in _eye_centres(raw) for x in (-UNSEEN_M, UNSEEN_M)])


def _eye_centres(raw: Raw) -> F64:
    """[2, 3] metres."""
    centres = raw.anatomy.eyes if raw.eyes is None else np.array([eye.centre for eye in raw.eyes])
    return np.asarray((centres - raw.stage.frame.origin) * raw.stage.frame.scale)


def _parts(raw: Raw, at: I64, chosen: Chosen) -> npt.NDArray[np.uint8]:
    bending = np.zeros(len(raw.same), np.bool_)
    for field in raw.fields.values():
        bending |= np.abs(field).max(1) > 0
    of_piece = np.full(len(raw.names), int(Part.CLOTH), np.uint8)
    for piece, name in enumerate(raw.names):
        if is_mouth(name) and not raw.stage.flat:
            of_piece[piece] = Part.MOUTH
        elif bending[raw.gathered.piece == piece].any() or SKIN.search(name):
            of_piece[piece] = Part.SKIN
    part = of_piece[raw.gathered.piece[at]]
    for first, past in chosen.eye_ranges:
        part[first:past] = Part.EYE
    return part


def _looks(raw: Raw, at: I64, part: npt.NDArray[np.uint8], uv: F64, metres: F64) -> dict[str, Any]:
    gathered = raw.gathered
    albedo, specular = np.ones((len(at), 3)), np.zeros(len(at))
    noise, places = np.zeros(len(at)), uv[at].copy()
    for piece in np.unique(gathered.piece[at]):
        finish, of = raw.finish(piece), gathered.piece[at] == piece
        colour = finish.factor[:3] * gathered.colours[at[of], :3]
        albedo[of] = flat_colour(colour, raw.stage.light.exposure) if raw.stage.flat else colour
        specular[of] = finish.gloss
        if finish.picture is None:
            x, y, z = metres[at[of]].T
            places[of] = np.stack([np.arctan2(x, z + 0.09) * 1.6, y * 11.5], 1)
            noise[of] = PORES * (not raw.stage.flat) * np.isin(part[of], (Part.SKIN, Part.CLOTH))
    specular[part == Part.MOUTH] = MOUTH_GLOSS
    eye = np.flatnonzero(part == Part.EYE)
    specular[eye], albedo[eye] = 1.0, albedo[eye] * EYE_SHADE
    if raw.eyes is not None:
        for ball, side in zip(raw.eyes, (1, -1), strict=True):
            own = eye[side * (gathered.positions[at[eye], 0] - raw.anatomy.middle_x) > 0]
            plain = own[[raw.finish(p).picture is None for p in gathered.piece[at[own]]]]
            way = gathered.positions[at[plain]] - ball.centre
            places[plain] = (way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-12))[:, :2]
            albedo[plain] = 1.0
    return {"albedo": albedo.astype(np.float32), "uv": places.astype(np.float32), "specular": specular.astype(np.float32),
            "noise_amplitude": noise.astype(np.float32)}  # fmt: skip


def _iris_colour(raw: Raw) -> tuple[float, ...]:
    for piece, name in enumerate(raw.names):
        if "iris" in name.lower() and raw.finish(piece).picture is None:
            return tuple(np.clip(raw.finish(piece).factor[:3], 0.01, 0.6).tolist())
    return IRIS_COLOUR


def _shapes(
    raw: Raw, at: I64, chosen: Chosen, part: npt.NDArray[np.uint8]
) -> tuple[I64, npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    offsets, indices, deltas = [0], [np.zeros(0, np.int64)], [np.zeros((0, 3))]
    still = (part == Part.EYE) | (chosen.source < 0)
    for shape in SHAPES:
        field = raw.fields.get(shape)
        rows = np.zeros(0, np.int64)
        if field is not None:
            moved = field[at] * raw.stage.frame.scale
            moved[still] = 0
            rows = np.flatnonzero(np.abs(moved).max(1) > MOVES_M)
            indices.append(rows)
            deltas.append(moved[rows])
        offsets.append(offsets[-1] + len(rows))
    return np.array(offsets, np.int64), np.concatenate(indices).astype(np.int32), np.concatenate(deltas).astype(np.float32)


def _blink_share(raw: Raw, side: str) -> F64:
    """[v] 0 to 1: how far each vertex goes with a closing lid."""
    blink = raw.fields.get(f"eyeBlink{side}")
    if blink is None:
        return np.zeros(len(raw.same))
    way = np.linalg.norm(blink, axis=1)
    return np.asarray(way / max(float(way.max()), 1e-12))


def _smooth(raw: Raw, at: I64) -> npt.NDArray[np.int32]:
    """[n]: vertices of one number share a normal: at one place, with normals of the file's own that agree."""
    normals = raw.gathered.normals[at]
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = normals / np.where(length > 0, length, 1)
    place = raw.same[at]
    out = np.full(len(at), -1, np.int64)
    waiting = np.arange(len(at))
    for _ in range(6):
        if len(waiting) == 0:
            break
        _, first, inverse = np.unique(place[waiting], return_index=True, return_inverse=True)
        leader = waiting[first][inverse]
        agree = ((normals[waiting] * normals[leader]).sum(1) > SAME_NORMAL) | (length[waiting, 0] == 0)
        out[waiting[agree]] = leader[agree]
        waiting = waiting[~agree]
    out[waiting] = waiting
    return out.astype(np.int32)


def _bake_normal_maps(raw: Raw, positions: F64, chosen: Chosen, uv: F64, at: I64) -> None:
    corners = positions[chosen.triangles]
    normals = unit_normals(positions.astype(np.float32), chosen.triangles)[chosen.triangles].mean(1)
    material = np.array(raw.gathered.material)[raw.gathered.triangle_piece[chosen.kept]]
    for number, finish in raw.finishes.items():
        of = material == number
        if finish.normal_map is not None and of.any():
            bake_normal_map(
                finish, uv[at[chosen.triangles[of]]], corners[of], normals[of], raw.stage.light.lights, raw.stage.light.ambient
            )


def _texels(raw: Raw, pieces: I64) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], npt.NDArray[np.int16]]:
    """texels, texture_sizes and group_texture of the primitives that are left."""
    numbers: dict[int, int] = {}
    texels, sizes = [np.zeros((0, TEXEL), np.uint8)], []
    groups = np.full(len(pieces), -1, np.int16)
    for group, piece in enumerate(pieces):
        material = raw.gathered.material[piece]
        picture = raw.finishes[material].picture
        if picture is None:
            continue
        if material not in numbers:
            numbers[material] = len(numbers)
            texels.append(picture.reshape(-1, TEXEL))
            sizes.append(picture.shape[:2])
        groups[group] = numbers[material]
    return np.concatenate(texels), np.array(sizes, np.int32).reshape(-1, 2), groups
