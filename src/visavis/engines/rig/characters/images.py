"""A character's pictures, decoded within bounds."""

from __future__ import annotations

import struct
from typing import Final

import cv2
import numpy as np

from visavis.engines.rig.characters.gltf import UNPACK, Gltf, data_of
from visavis.errors import BadInput, TooLarge
from visavis.types import U8

MAX_SIDE: Final = 8_192
MAX_PIXELS: Final = 48 << 20
KEPT_SIDE: Final = 2_048
"""Larger ones are made smaller at once: a face in a picture has no more detail to show."""


def read_image(gltf: Gltf, index: int) -> U8:
    """uint8 [h, w, 4] red, green, blue, alpha, as stored. Raises BadInput or TooLarge."""
    image = gltf.item(gltf.document.images, index, "image")
    data = bytes(gltf.view(image.bufferView)[0]) if image.bufferView is not None else data_of(image.uri, gltf.name)
    if data is None:
        raise BadInput(f"{gltf.name}: image {index} has no data.")
    if data.startswith(b"\xabKTX 20"):
        raise BadInput(f"{gltf.name}: its textures are KTX2.", mend=UNPACK)
    size = picture_size(data)
    if size is None:
        raise BadInput(f"{gltf.name}: image {index} is neither PNG, JPEG nor WebP.", mend=UNPACK)
    if max(size) > MAX_SIDE or size[0] * size[1] > MAX_PIXELS:
        raise TooLarge(f"{gltf.name}: image {index} is {size[0]} x {size[1]}; at most {MAX_SIDE} a side are taken.")
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.size == 0:
        raise BadInput(f"{gltf.name}: image {index} is damaged.")
    if decoded.dtype == np.uint16:
        decoded = (decoded // 256).astype(np.uint8)
    if decoded.dtype != np.uint8:
        raise BadInput(f"{gltf.name}: image {index} is no 8 or 16 bit picture.")
    if decoded.ndim == 2:
        decoded = decoded[..., None]
    if decoded.shape[2] < 3:
        alpha = decoded[..., 1:2] if decoded.shape[2] == 2 else np.full_like(decoded[..., :1], 255)
        rgba = np.concatenate([np.repeat(decoded[..., :1], 3, 2), alpha], 2)
    else:
        alpha = decoded[..., 3:4] if decoded.shape[2] == 4 else np.full_like(decoded[..., :1], 255)
        rgba = np.concatenate([decoded[..., 2::-1], alpha], 2)
    share = KEPT_SIDE / max(rgba.shape[:2])
    if share < 1:
        rgba = cv2.resize(rgba, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(rgba, np.uint8)


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that a PNG, JPEG or WebP states, before any of it is decoded; None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
        return (width, height) if width and height else None
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp_size(data)
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return (width, height) if width and height else None
        at += 2 + max(2, struct.unpack_from(">H", data, at + 2)[0])
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    match data[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    return None
