"""`.sog` version 2 (PlayCanvas): a zip of lossless WebP pictures, a texel for each splat, and `meta.json`."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from typing import Annotated, Any, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, ValidationError

from visavis.archives import Bounds, open_zip, safe_members
from visavis.errors import BadInput
from visavis.splats.cloud import COEFFICIENTS, Splats, check_count, checked, logit_of
from visavis.splats.formats.packed import with_largest

BOUNDS: Final = Bounds(files=64, file_bytes=256 << 20, total_bytes=512 << 20)
MAX_SIDE: Final = 4096
_PALETTE_COLUMNS: Final = 64
_TAG: Final = 252
"""Alpha of a rotation's texel: this plus which of w, x, y, z is the largest."""
U8 = npt.NDArray[np.uint8]
Three = Annotated[list[float], Field(min_length=3, max_length=3)]
Codebook = Annotated[list[float], Field(min_length=256, max_length=256)]
File = Annotated[list[str], Field(min_length=1, max_length=2)]
Files = Annotated[list[str], Field(min_length=2, max_length=2)]


class _Means(BaseModel):
    mins: Three
    maxs: Three
    files: Files


class _Coded(BaseModel):
    codebook: Codebook
    files: File


class _Quats(BaseModel):
    files: File


class _Palette(BaseModel):
    count: int = Field(ge=1, le=1 << 16)
    bands: int = Field(ge=1, le=3)
    codebook: Codebook
    files: Files


class _Meta(BaseModel):
    version: Literal[2]
    count: int
    means: _Means
    scales: _Coded
    quats: _Quats
    sh0: _Coded
    shN: _Palette | None = None  # noqa: N815 - the file's own key


def read_sog(data: bytes, name: str) -> Splats:
    """Raises BadInput for a zip that is none, another version, or pictures too small for the count."""
    with open_zip(io.BytesIO(data)) as archive:
        members = {info.filename: info for info in safe_members(archive, BOUNDS)}

        def member(file: str) -> bytes:
            if file not in members:
                raise BadInput(f"{name} holds no {file[:80]!r}.")
            try:
                return archive.read(members[file])
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
                raise BadInput(f"{name} is damaged ({error}).") from None

        try:
            meta = _Meta.model_validate(json.loads(member("meta.json")))
        except (ValidationError, ValueError, RecursionError):
            raise BadInput(f"{name}: its meta.json is none of SOG version 2.") from None
        count = check_count(meta.count, name=name)

        def texels(file: str) -> U8:
            pixels = _decode_webp(member(file), f"{file} in {name}").reshape(-1, 4)
            if len(pixels) < count:
                raise BadInput(f"{name}: {file} has {len(pixels)} texels for {count} splats.")
            return pixels[:count]

        low, high = (texels(file)[:, :3].astype(np.float64) for file in meta.means.files)
        base = texels(meta.sh0.files[0])
        turns = texels(meta.quats.files[0])
        log_scales = np.array(meta.scales.codebook)[texels(meta.scales.files[0])[:, :3]]
        sh = np.array(meta.sh0.codebook)[base[:, :3]][:, None]
        if meta.shN is not None:
            centroids = _decode_webp(member(meta.shN.files[0]), meta.shN.files[0])
            sh = np.concatenate([sh, _palette(centroids, texels(meta.shN.files[1]), meta.shN, name)], 1)
    mins, maxs = np.array(meta.means.mins), np.array(meta.means.maxs)
    logs = mins + (maxs - mins) * (low + 256 * high) / 65535
    if not np.isfinite(logs).all() or np.abs(logs).max() > 20:
        raise BadInput(f"{name}: its positions are beyond any sense.")
    positions = np.sign(logs) * np.expm1(np.abs(logs))
    largest = np.clip(turns[:, 3].astype(np.intp) - _TAG, 0, 3)
    three = (turns[:, :3] / 255.0 * 2 - 1) * np.sqrt(0.5)
    return checked(name, positions, with_largest(three, largest), log_scales, logit_of(base[:, 3] / 255.0), sh).half_turned()


def _palette(centroids: U8, labels: U8, palette: _Palette, name: str) -> npt.NDArray[np.float64]:
    """Harmonics [n, k, 3]: a splat's label names an entry of 64 a row, k texels wide."""
    k = COEFFICIENTS[palette.bands] - 1
    if centroids.shape[1] != _PALETTE_COLUMNS * k or centroids.shape[0] * _PALETTE_COLUMNS < palette.count:
        raise BadInput(f"{name}: its palette of harmonics is {centroids.shape[1]} x {centroids.shape[0]}.")
    label = labels[:, 0].astype(np.intp) + 256 * labels[:, 1].astype(np.intp)
    if label.max(initial=0) >= palette.count:
        raise BadInput(f"{name}: a splat names harmonics that its palette lacks.")
    entries = centroids[..., :3].reshape(centroids.shape[0] * _PALETTE_COLUMNS, k, 3)
    return np.asarray(np.array(palette.codebook)[entries[label]])


def _decode_webp(data: bytes, name: str) -> U8:
    """uint8 [h, w, 4] red, green, blue, alpha. The size is read before a pixel is decoded."""
    import cv2

    width, height = _webp_size(data)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise BadInput(f"{name} is no WebP picture of at most {MAX_SIDE} x {MAX_SIDE}.")
    found: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.dtype != np.uint8 or found.ndim != 3:
        raise BadInput(f"{name} is no readable picture.")
    if found.shape[2] == 3:
        found = np.concatenate([found, np.full((*found.shape[:2], 1), 255, np.uint8)], 2)
    return np.ascontiguousarray(found[..., [2, 1, 0, 3]])


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of a lossless or extended WebP file; zeros for anything else."""
    if len(data) < 30 or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return 0, 0
    if data[12:16] == b"VP8L" and data[20] == 0x2F:
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    if data[12:16] == b"VP8X":
        wide, high = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return wide, high
    return 0, 0
