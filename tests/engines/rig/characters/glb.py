"""Writes small glTF files for tests: positions, normals, coordinates, morph targets, skins, pictures, all in one GLB."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np

_COMPONENT = {np.dtype(np.uint8): 5121, np.dtype(np.uint16): 5123, np.dtype(np.uint32): 5125, np.dtype(np.float32): 5126}
_TYPE = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}


class Glb:
    """A document under construction; `document` may be spoilt at will before it is written."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {
            "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": []}], "nodes": [], "meshes": [], "materials": [],
            "accessors": [], "bufferViews": [], "buffers": [{"byteLength": 1}],
        }  # fmt: skip
        self.data = bytearray()

    def view(self, data: bytes) -> int:
        self.data += b"\0" * (-len(self.data) % 4)
        self.document["bufferViews"].append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data)})
        self.data += data
        return len(self.document["bufferViews"]) - 1

    def accessor(self, values: Any, dtype: Any = np.float32) -> int:
        array = np.ascontiguousarray(values, dtype)
        entry = {"bufferView": self.view(array.tobytes()), "componentType": _COMPONENT[array.dtype], "count": len(array),
                 "type": _TYPE[array.shape[1:]]}  # fmt: skip
        self.document["accessors"].append(entry)
        return len(self.document["accessors"]) - 1

    def picture(self, rgba: Any) -> int:
        """A PNG of uint8 [h, w, 3 or 4] as a texture; its number."""
        order = [2, 1, 0, 3][: rgba.shape[2]]
        data = cv2.imencode(".png", np.ascontiguousarray(rgba[..., order]))[1].tobytes()
        images = self.document.setdefault("images", [])
        images.append({"bufferView": self.view(data), "mimeType": "image/png"})
        self.document.setdefault("textures", []).append({"source": len(images) - 1})
        return len(self.document["textures"]) - 1

    def material(self, name: str, colour: Any = (1, 1, 1, 1), **more: Any) -> int:
        pbr = {
            "baseColorFactor": [float(c) for c in colour],
            "metallicFactor": 0.0,
            "roughnessFactor": more.pop("roughness", 0.6),
        }
        if "texture" in more:
            pbr["baseColorTexture"] = {"index": more.pop("texture")}
        self.document["materials"].append({"name": name, "pbrMetallicRoughness": pbr, **more})
        return len(self.document["materials"]) - 1

    def mesh(self, name: str, points: Any, triangles: Any, targets: dict[str, Any] | None = None, **more: Any) -> int:
        """A mesh of one primitive; targets are dense deltas by name. more: uv, normals, material, joints, weights."""
        attributes = {"POSITION": self.accessor(points)}
        for key, name_, dtype in (("uv", "TEXCOORD_0", np.float32), ("normals", "NORMAL", np.float32),
                                  ("joints", "JOINTS_0", np.uint16), ("weights", "WEIGHTS_0", np.float32)):  # fmt: skip
            if more.get(key) is not None:
                attributes[name_] = self.accessor(more[key], dtype)
        primitive: dict[str, Any] = {
            "attributes": attributes,
            "indices": self.accessor(np.asarray(triangles).ravel(), np.uint32),
        }
        if "material" in more:
            primitive["material"] = more["material"]
        mesh: dict[str, Any] = {"name": name, "primitives": [primitive]}
        if targets:
            primitive["targets"] = [{"POSITION": self.accessor(deltas)} for deltas in targets.values()]
            mesh["extras"] = {"targetNames": list(targets)}
        self.document["meshes"].append(mesh)
        return len(self.document["meshes"]) - 1

    def node(self, name: str, *, root: bool = True, **more: Any) -> int:
        self.document["nodes"].append({"name": name, **more})
        number = len(self.document["nodes"]) - 1
        if root:
            self.document["scenes"][0]["nodes"].append(number)
        return number

    def to_bytes(self) -> bytes:
        self.data += b"\0" * (not self.data)
        self.document["buffers"][0]["byteLength"] = len(self.data)
        text = json.dumps(self.document).encode()
        return pack(text, bytes(self.data))

    def write(self, path: Path) -> Path:
        path.write_bytes(self.to_bytes())
        return path


def pack(text: bytes, binary: bytes) -> bytes:
    """A GLB of a JSON and a binary chunk."""
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
