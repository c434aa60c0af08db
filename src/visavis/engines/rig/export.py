"""A person as one compact file for viewers that draw by themselves (`web/src/draw/`): geometry, shapes, looks, and our constants.

Layout, little-endian: 8 bytes `MAGIC`, u32 version, u32 length of the head, the head as JSON, then the arrays, each at a multiple of
four from the head's end. The head names every array with its type, shape and place, and where it is quantised its unit. Vertices that
any weight moves come first; triangles stand in groups of one kind of shading.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import SHAPES
from visavis.engines.rig import frame, look, pupils, sway
from visavis.errors import BadInput
from visavis.head.gaze import LOOK_PITCH_RAD, LOOK_YAW_RAD
from visavis.render.light import SHADE_EYE_PER_M
from visavis.render.mesh import Part
from visavis.render.prepare import Prepared
from visavis.render.shade import EYE, KINDS, MOUTH, STRAND, SURFACE, grain_table
from visavis.types import F32

MAGIC: Final = b"vvmodel\n"
VERSION: Final = 1
HEAD: Final = struct.Struct("<8sII")
VISIBILITY_STEP: Final = 4
"""Baked visibility is rounded to this of 255: unseen in a picture, and the file is a seventh smaller."""
KIND_NAMES: Final = {SURFACE: "surface", STRAND: "strand", MOUTH: "mouth", EYE: "eye"}
_Array = npt.NDArray[Any]
_TYPES: Final = {"u1": "u8", "u2": "u16", "u4": "u32", "i2": "i16", "f4": "f32"}


def export_model(person: Prepared) -> bytes:
    """The file. A megabyte for every 10 000 vertices once it is compressed, which is left to who sends it.

    Raises BadInput for a character with textures or normals of its own, which viewers cannot draw.
    """
    if len(person.mesh.smooth) or len(person.mesh.texture_sizes):
        raise BadInput("This character is drawn by the server alone.", mend="Ask for draw=server; viewers draw people.")
    order = _dynamic_first(person)
    arrays, units = _arrays(person, order)
    groups, arrays["triangles"] = _groups(person, arrays.pop("moved"))
    head = {
        "version": VERSION,
        "shapes": list(SHAPES),
        "vertices": len(order),
        "dynamic": int(_dynamic(person).sum()),
        "groups": groups,
        "values": _values(person),
        "arrays": _places(arrays, units),
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body = b"".join(_padded(array) for array in arrays.values())
    return HEAD.pack(MAGIC, VERSION, len(text)) + text + body


def _dynamic(person: Prepared) -> npt.NDArray[np.bool_]:
    """Vertices whose place before the head turns is not always the same."""
    moving = np.zeros(len(person.positions), bool)
    moving[person.shape_indices] = True
    moving[person.bent_vertices] = True
    moving[person.lid_lines] = True
    for first, past in person.eye_spans:
        moving[first:past] = True
    return moving


def _dynamic_first(person: Prepared) -> npt.NDArray[np.intp]:
    return np.argsort(~_dynamic(person), kind="stable")


def _arrays(person: Prepared, order: npt.NDArray[np.intp]) -> tuple[dict[str, _Array], dict[str, float]]:
    """What the file holds, and `moved`: each old vertex's new number. Units of what is quantised."""
    mesh = person.mesh
    moved = np.empty(len(order), np.int64)
    moved[order] = np.arange(len(order))
    wide = np.uint16 if len(order) <= 1 << 16 else np.uint32
    positions, position_unit = _quantised(person.positions[order])
    deltas, delta_unit = _quantised(person.shape_deltas)
    normals, normal_unit = _quantised(person.normals[order], 1.0)
    tangents, _ = _quantised(person.tangents[order], 1.0)
    tongue, arch = frame.tongue_of(person)
    half = frame.half_vector(np.vstack([mesh.lights, np.zeros((3, 6), np.float32)]))
    part = _part_of(person)[order]
    second = np.isin(part, (Part.SKIN, Part.FINE))  # of the two parts that share a kind of shading
    seen = np.full((len(mesh.directions), len(order)), 255, np.uint8)
    seen[:, moved[: person.shaded]] = person.visibility[:, : person.shaded]
    arrays: dict[str, _Array] = {
        "positions": positions,
        "normals": normals,
        "follow": _share(np.concatenate([person.follow, person.lids], 1)[order]),
        "albedo": _share(person.looks[order][:, :4]),
        "more": _share(np.stack([person.occlusion[order], person.looks[order, 6], person.facing[order], second], 1)),
        "uv": person.looks[order][:, 4:6].astype(np.float32),
        "tangents": tangents,
        "shape_offsets": person.shape_offsets.astype(np.uint32),
        "shape_indices": moved[person.shape_indices].astype(wide),
        "shape_deltas": deltas,
        "bent": moved[person.bent_vertices].astype(wide),
        "eye_starts": moved[person.eye_spans[:, 0]].astype(np.uint32),
        "eye_rest": mesh.eye_rest.astype(np.float32),
        "lid_lines": moved[person.lid_lines].astype(wide),
        "tongue": moved[tongue].astype(wide),
        "tongue_arch": arch.astype(np.float32),
        "directions": mesh.directions,
        "visibility": _stepped(seen, VISIBILITY_STEP),
        "grain": (grain_table(mesh.noise, half).view(np.int8).astype(np.int16) + 128).astype(np.uint8).reshape(256, 256, 4),
        "iris": np.rint(np.sqrt(np.clip(mesh.iris, 0, 1)) * 255).astype(np.uint8),
        "moved": moved,
    }  # fmt: skip
    units = {"positions": position_unit, "shape_deltas": delta_unit, "normals": normal_unit, "tangents": normal_unit}
    return arrays, units


def _part_of(person: Prepared) -> _Array:
    part = np.empty(len(person.positions), np.uint8)
    for p, (first, past) in enumerate(person.spans):
        part[first:past] = p
    return part


def _quantised(values: F32, most: float | None = None) -> tuple[npt.NDArray[np.int16], float]:
    """int16 of the same shape and the unit they count."""
    unit = (most if most is not None else max(float(np.abs(values).max(initial=0)), 1e-9)) / 32_767
    return np.rint(values / unit).clip(-32_767, 32_767).astype(np.int16), unit


def _stepped(values: _Array, step: int) -> _Array:
    """uint8, rounded to multiples of `step`; 255 stays."""
    return np.minimum((values.astype(np.uint16) + step // 2) // step * step, 255).astype(np.uint8)


def _share(values: F32) -> npt.NDArray[np.uint16]:
    """0 to 1 as 0 to 65535."""
    return np.rint(np.clip(values, 0, 1) * 65_535).astype(np.uint16)


def _groups(person: Prepared, moved: _Array) -> tuple[list[dict[str, Any]], _Array]:
    """Triangles by kind of shading and by whether their backs are drawn; the list says where each group stands."""
    kinds = (person.surfaces[:-1] % KINDS).astype(np.int64)
    two_sided = person.mesh.two_sided
    groups, listed = [], []
    start = 0
    for kind, name in KIND_NAMES.items():
        for both in (False, True):
            chosen = np.flatnonzero((kinds == kind) & (two_sided == both))
            if len(chosen):
                groups.append({"kind": name, "two_sided": both, "first": start, "count": len(chosen)})
                listed.append(moved[person.triangles[chosen]])
                start += len(chosen)
    joined = np.concatenate(listed)
    return groups, joined.astype(np.uint16 if len(moved) <= 1 << 16 else np.uint32)


def _values(person: Prepared) -> dict[str, Any]:
    """The person's own numbers, and those constants of the drawing that do not stand in the shaders."""
    mesh = person.mesh
    return {
        "pivot": mesh.pivot.tolist(), "eye_centres": mesh.eye_centres.tolist(), "iris_radius": mesh.iris_radius,
        "pupil_radius": mesh.pupil_radius, "lights": mesh.lights.tolist(), "ambient": mesh.ambient.tolist(),
        "wrap": {p.name.lower(): mesh.wrap[p].tolist() for p in Part}, "exposure": mesh.exposure,
        "background": mesh.background.tolist(), "look_at": mesh.look_at.tolist(), "distance_m": mesh.distance_m,
        "half_height_m": mesh.half_height_m,
        "lobes": {"surface": list(look.SURFACE_LOBES), "mouth": list(look.MOUTH_LOBES)},
        "look_rad": [LOOK_YAW_RAD, LOOK_PITCH_RAD], "weight_floor": frame.WEIGHT_FLOOR,
        "lift_most_m": frame.LIFT_MOST_M, "chest_forward": frame.CHEST_FORWARD, "chest_below_m": list(frame.CHEST_BELOW_M),
        "mouth_dark": frame.MOUTH_DARK, "mouth_light": frame.MOUTH_LIGHT, "opening": frame.OPENING,
        "shade_eye_per_m": SHADE_EYE_PER_M, "pupil_reach": look.PUPIL_REACH,
        "sway": {"frequency_hz": sway.FREQUENCY_HZ, "damping": sway.DAMPING, "max_step_s": sway.MAX_STEP_S,
                 "reset_s": sway.RESET_S, "limit": sway.LIMIT.tolist()},
        "pupils": {"hippus": [list(wave) for wave in pupils.HIPPUS], "arousal": pupils.arousal_by_shape(),
                   "least": pupils.LEAST, "most": pupils.MOST, "widen_s": pupils.WIDEN_S, "narrow_s": pupils.NARROW_S,
                   "reset_s": sway.RESET_S},
    }  # fmt: skip


def _places(arrays: dict[str, _Array], units: dict[str, float]) -> dict[str, Any]:
    places, at = {}, 0
    for name, array in arrays.items():
        places[name] = {"type": _TYPES[array.dtype.str[1:]], "shape": list(array.shape), "at": at}
        if name in units:
            places[name]["unit"] = units[name]
        at += -(-array.nbytes // 4) * 4
    return places


def _padded(array: _Array) -> bytes:
    data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return data + b"\0" * (-len(data) % 4)
