"""glTF 2.0 with KHR_gaussian_splatting: splats as a POINTS primitive with one attribute for each property. Its axes are ours."""

from __future__ import annotations

import base64
import binascii
import json
import math
import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.errors import BadInput
from visavis.splats.cloud import COEFFICIENTS, MAX_SPLATS, SH_0, Splats, check_count, checked, joined, logit_of, matrices_of

EXTENSION: Final = "KHR_gaussian_splatting"
MAX_JSON_BYTES: Final = 16 << 20
MAX_NODES: Final = 10_000
_TYPES: Final = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_JSON, _BINARY = 0x4E4F534A, 0x004E4942


def read_gltf(data: bytes, name: str) -> Splats:
    """Every splat primitive of the scene, under its nodes' transforms.

    Earlier drafts of the extension gave scales as logarithms; a primitive with a scale below zero is read so. Colours in linear light
    are taken to the display's; their harmonics above degree 0 with them, to first order.
    """
    document, binary = _chunks(data, name)
    try:
        file = _File(document, binary, name)
        clouds = []
        total = 0
        for primitive, matrix in file.primitives():
            cloud = file.splats(primitive)
            total += len(cloud)
            if total > MAX_SPLATS:
                check_count(total, name=name)
            clouds.append(cloud if matrix is None else cloud.moved(matrix))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        raise BadInput(f"{name} is no glTF that holds together ({type(error).__name__}: {error}).") from None
    return joined(clouds)


def _chunks(data: bytes, name: str) -> tuple[dict[str, Any], bytes]:
    text, binary = data, b""
    if data[:4] == b"glTF":
        at, text = 12, b""
        while at + 8 <= len(data):
            size, kind = struct.unpack_from("<II", data, at)
            if at + 8 + size > len(data):
                raise BadInput(f"{name} ends within a chunk.")
            if kind == _JSON and not text:
                text = data[at + 8 : at + 8 + size]
            elif kind == _BINARY and not binary:
                binary = data[at + 8 : at + 8 + size]
            at += 8 + size
    if len(text) > MAX_JSON_BYTES:
        raise BadInput(f"{name} has a description of {len(text) >> 20} MiB; at most {MAX_JSON_BYTES >> 20} are taken.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput(f"{name} is no glTF: its JSON cannot be read.") from None
    if not isinstance(document, dict):
        raise BadInput(f"{name} is no glTF: its JSON is no object.")
    return document, binary


class _File:
    def __init__(self, document: dict[str, Any], binary: bytes, name: str) -> None:
        self._document, self._binary, self._name = document, binary, name

    def primitives(self) -> list[tuple[dict[str, Any], npt.NDArray[np.float64] | None]]:
        """Splat primitives with their world matrices, as the scene places them; unplaced meshes where there is no scene."""
        nodes, meshes = self._document.get("nodes", []), self._document.get("meshes", [])
        scenes = self._document.get("scenes", [])
        if not scenes:
            return [(p, None) for mesh in meshes for p in mesh["primitives"] if EXTENSION in p.get("extensions", {})]
        found, queue = [], [(n, np.eye(4)) for n in scenes[self._document.get("scene", 0)].get("nodes", [])]
        for visited, (index, above) in enumerate(queue):
            if visited > MAX_NODES:
                raise BadInput(f"{self._name} has more than {MAX_NODES} nodes, or nodes in a ring.")
            node = nodes[_natural(index)]
            world = above @ _local_matrix(node)
            queue += [(child, world) for child in node.get("children", [])]
            if "mesh" in node:
                matrix = None if np.array_equal(world, np.eye(4)) else world
                found += [
                    (p, matrix) for p in meshes[_natural(node["mesh"])]["primitives"] if EXTENSION in p.get("extensions", {})
                ]
        return found

    def splats(self, primitive: dict[str, Any]) -> Splats:
        attributes, settings = primitive["attributes"], primitive["extensions"][EXTENSION]
        inner = settings.get("extensions", {})
        if inner:
            raise BadInput(f"{self._name} packs its splats with {next(iter(inner))!r}, which is not known here.")

        def column(key: str, width: int) -> npt.NDArray[np.float64]:
            values = self._accessor(attributes[f"{EXTENSION}:{key}"] if key != "POSITION" else attributes[key])
            if values.shape[1] != width:
                raise BadInput(f"{self._name}: {key} has {values.shape[1]} values a splat, not {width}.")
            return values

        degree = 0
        while degree < 3 and f"{EXTENSION}:SH_DEGREE_{degree + 1}_COEF_0" in attributes:
            degree += 1
        sh = np.stack([column(f"SH_DEGREE_{d}_COEF_{m}", 3) for d in range(degree + 1) for m in range(2 * d + 1)], 1)
        if str(settings.get("colorSpace", "")).startswith("lin_"):
            sh = _to_display(sh)
        scales = column("SCALE", 3)
        log_scales = scales if (scales < 0).any() else np.log(np.maximum(scales, 1e-12))
        turns = column("ROTATION", 4)[:, [3, 0, 1, 2]]
        opacity = column("OPACITY", 1)[:, 0]
        return checked(self._name, column("POSITION", 3), turns, log_scales, logit_of(opacity), sh)

    def _accessor(self, index: object) -> npt.NDArray[np.float64]:
        """float64 [n, width], normalised integers as -1 to 1 or 0 to 1."""
        accessor = self._document["accessors"][_natural(index)]
        if "sparse" in accessor or "bufferView" not in accessor:
            raise BadInput(f"{self._name} has a sparse accessor, which splats do not need.")
        count, width = check_count(int(accessor["count"]), name=self._name), _WIDTHS[accessor["type"]]
        kind = np.dtype(_TYPES[accessor["componentType"]])
        view = self._document["bufferViews"][_natural(accessor["bufferView"])]
        data = self._buffer(_natural(view["buffer"]))
        offset = _natural(view.get("byteOffset", 0)) + _natural(accessor.get("byteOffset", 0))
        stride = _natural(view.get("byteStride", 0)) or width * kind.itemsize
        if stride < width * kind.itemsize or offset + stride * (count - 1) + width * kind.itemsize > len(data):
            raise BadInput(f"{self._name} ends before its {count} splats do.")
        values = np.ndarray((count, width), kind, data, offset, (stride, kind.itemsize)).astype(np.float64)
        if accessor.get("normalized") and kind.kind in "iu":
            values = np.maximum(values / np.iinfo(kind).max, -1.0)
        return values

    def _buffer(self, index: int) -> bytes:
        uri = self._document["buffers"][index].get("uri")
        if uri is None:
            return self._binary
        head, _, text = str(uri).partition(";base64,")
        if not head.startswith("data:"):
            raise BadInput(f"{self._name} keeps its data in another file.", mend="Save it as one .glb file.")
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            raise BadInput(f"{self._name} has a buffer that is no base64.") from None


def _natural(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no index")
    return value


def _local_matrix(node: dict[str, Any]) -> npt.NDArray[np.float64]:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    out = np.eye(4)
    out[:3, :3] = matrices_of(np.array([[w, x, y, z]]))[0] * np.array(node.get("scale", (1, 1, 1)), np.float64)
    out[:3, 3] = node.get("translation", (0, 0, 0))
    return out


def _to_display(sh: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Harmonics of linear colour as harmonics of sRGB: the mean through the curve, the rest by its slope there."""
    linear = np.clip(0.5 + SH_0 * sh[:, 0], 0.0, None)
    low = linear <= 0.0031308
    safe = np.maximum(linear, 0.0031308)
    curve = np.where(low, 12.92 * linear, 1.055 * safe ** (1 / 2.4) - 0.055)
    slope = np.where(low, 12.92, 1.055 / 2.4 * safe ** (1 / 2.4 - 1))
    return np.concatenate([((curve - 0.5) / SH_0)[:, None], sh[:, 1:] * slope[:, None]], 1)


def write_gltf(splats: Splats) -> bytes:
    """A .glb with one primitive, every attribute float32, display colours; COLOR_0 for viewers that show points."""
    fallback = np.concatenate([splats.base_colours.clip(0, 1), splats.opacity[:, None]], 1)
    columns: dict[str, npt.NDArray[np.float32]] = {
        "POSITION": splats.positions, "COLOR_0": fallback, f"{EXTENSION}:ROTATION": splats.rotations[:, [1, 2, 3, 0]],
        f"{EXTENSION}:SCALE": splats.scales, f"{EXTENSION}:OPACITY": splats.opacity[:, None],
    }  # fmt: skip
    for k in range(COEFFICIENTS[splats.degree]):
        d = math.isqrt(k)
        columns[f"{EXTENSION}:SH_DEGREE_{d}_COEF_{k - d * d}"] = splats.sh[:, k]
    views, accessors, parts, at = [], [], [], 0
    for values in columns.values():
        data = np.ascontiguousarray(values, "<f4").tobytes()
        views.append({"buffer": 0, "byteOffset": at, "byteLength": len(data)})
        kind = next(kind for kind, width in _WIDTHS.items() if width == values.shape[1])
        accessors.append({"bufferView": len(views) - 1, "componentType": 5126, "count": len(splats), "type": kind})
        parts.append(data)
        at += len(data)
    accessors[0] |= {"min": splats.positions.min(0).tolist(), "max": splats.positions.max(0).tolist()}
    settings = {
        "kernel": "ellipse",
        "colorSpace": "srgb_rec709_display",
        "projection": "perspective",
        "sortingMethod": "cameraDistance",
    }
    primitive = {"attributes": {key: i for i, key in enumerate(columns)}, "mode": 0, "extensions": {EXTENSION: settings}}
    document = {
        "asset": {"version": "2.0", "generator": "visavis"}, "extensionsUsed": [EXTENSION], "scene": 0,
        "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}], "meshes": [{"primitives": [primitive]}],
        "buffers": [{"byteLength": at}], "bufferViews": views, "accessors": accessors,
    }  # fmt: skip
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body = b"".join(parts)
    size = 12 + 8 + len(text) + 8 + len(body)
    return struct.pack("<4sIIII", b"glTF", 2, size, len(text), _JSON) + text + struct.pack("<II", len(body), _BINARY) + body
