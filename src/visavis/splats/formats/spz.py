"""SPZ (Niantic): quantised attributes, one after another; versions 2 and 3 in one gzip stream, version 4 in zstandard streams.

Read: 2, 3 and 4. Written: 3, which every reader of SPZ knows. Its axes are ours.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.errors import BadInput, Unavailable
from visavis.splats.cloud import COEFFICIENTS, SH_0, Splats, check_count, checked, logit_of
from visavis.splats.formats.packed import with_largest

MAGIC: Final = b"NGSP"
FRACTION_BITS: Final = 12
"""Of positions as written: steps of 1/4096."""
_HEADER: Final = struct.Struct("<4sIIBBBB")
_HEADER_4: Final = struct.Struct("<4sIIBBBBI12x")
_COLOUR_SCALE: Final = 0.15
_MAX_STREAMS: Final = 16


def read_spz(data: bytes, name: str) -> Splats:
    """Raises BadInput for another version, a damaged stream or a length that does not fit the count."""
    if data[:4] == MAGIC:
        return _read_version_4(data, name)
    head = _inflate(data, _HEADER.size, name)
    if len(head) < _HEADER.size or head[:4] != MAGIC:
        raise BadInput(f"{name} is no SPZ file.")
    _, version, count, degree, fraction, _, _ = _HEADER.unpack(head)
    if version not in {2, 3}:
        raise BadInput(f"{name} is SPZ version {version}; 2, 3 and 4 are known.")
    sizes = _sizes(check_count(count, name=name), _degree(degree, name), version)
    body = _inflate(data, _HEADER.size + sum(sizes), name)
    if len(body) < _HEADER.size + sum(sizes):
        raise BadInput(f"{name} ends before its {count} splats do.")
    ends = np.cumsum([_HEADER.size, *sizes])
    return _decoded([body[a:b] for a, b in pairwise(ends)], degree, version, fraction, name)


def _read_version_4(data: bytes, name: str) -> Splats:
    if len(data) < _HEADER_4.size:
        raise BadInput(f"{name} ends within its header.")
    _, version, count, degree, fraction, _, streams, toc = _HEADER_4.unpack_from(data)
    if version != 4 or not 0 < streams <= _MAX_STREAMS or toc + 16 * streams > len(data):
        raise BadInput(f"{name} is SPZ version {version} with {streams} streams; 2, 3 and 4 are known.")
    sizes = _sizes(check_count(count, name=name), _degree(degree, name), 4)
    table = np.frombuffer(data, "<u8", 2 * streams, toc).reshape(-1, 2)
    at, parts = toc + 16 * streams, []
    for i, wanted in enumerate(sizes):
        if wanted == 0:
            parts.append(b"")
            continue
        if i >= streams or int(table[i, 1]) != wanted or at + int(table[i, 0]) > len(data):
            raise BadInput(f"{name}: its streams do not hold {count} splats.")
        parts.append(_unzstd(data[at : at + int(table[i, 0])], wanted, name))
        at += int(table[i, 0])
    return _decoded(parts, degree, 4, fraction, name)


def _degree(degree: int, name: str) -> int:
    if degree > 3:
        raise BadInput(f"{name} has harmonics of degree {degree}; at most 3 are known.")
    return degree


def _sizes(count: int, degree: int, version: int) -> list[int]:
    """Bytes of positions, opacities, colours, scales, rotations, harmonics."""
    return [9 * count, count, 3 * count, 3 * count, (3 if version == 2 else 4) * count, 3 * (COEFFICIENTS[degree] - 1) * count]


def _inflate(data: bytes, wanted: int, name: str) -> bytes:
    """The first `wanted` bytes of a gzip stream, never more."""
    try:
        return zlib.decompressobj(31).decompress(data, wanted)
    except zlib.error as error:
        raise BadInput(f"{name} is no SPZ file ({error}).") from None


def _unzstd(data: bytes, wanted: int, name: str) -> bytes:
    try:
        import zstandard
    except ImportError:
        raise Unavailable("SPZ version 4 needs the package zstandard.", mend="pip install zstandard") from None
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(data)
        out: bytes = reader.read(wanted)
    except zstandard.ZstdError as error:
        raise BadInput(f"{name} is damaged ({error}).") from None
    if len(out) != wanted:
        raise BadInput(f"{name} ends before its splats do.")
    return out


def _decoded(parts: Sequence[bytes], degree: int, version: int, fraction: int, name: str) -> Splats:
    places, alphas, colours, scales, turns, sh = (np.frombuffer(part, np.uint8) for part in parts)
    count = len(alphas)
    if fraction > 30:
        raise BadInput(f"{name} gives positions {fraction} bits behind the point.")
    wide = np.zeros((count, 3, 4), np.uint8)
    wide[..., 1:] = places.reshape(count, 3, 3)
    positions = (wide.view("<i4")[..., 0] >> 8) / float(1 << fraction)
    base = (colours.reshape(count, 1, 3) / 255 - 0.5) / _COLOUR_SCALE
    rest = (sh.reshape(count, COEFFICIENTS[degree] - 1, 3) - 128.0) / 128
    rotations = _turns_3(turns) if version == 2 else _turns_10(turns)
    harmonics = np.concatenate([base, rest], 1)
    return checked(name, positions, rotations, scales.reshape(count, 3) / 16 - 10.0, logit_of(alphas / 255.0), harmonics)


def _turns_3(turns: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """x, y, z in 8 bits each; w, not negative, is what is left of 1."""
    three = turns.reshape(-1, 3) / 127.5 - 1
    return with_largest(three, np.zeros(len(three), np.intp))


def _turns_10(turns: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Which of x, y, z, w is the largest in two bits, the others as sign and 9 bits each."""
    bits = turns.view("<u4")
    largest = (bits >> 30).astype(np.intp)
    fields = np.stack([(bits >> shift) & 1023 for shift in (20, 10, 0)], 1).astype(np.int64)
    three = np.where(fields & 512, -1.0, 1.0) * (fields & 511) / 511 * np.sqrt(0.5)
    return with_largest(three, largest)[:, [3, 0, 1, 2]]


def write_spz(splats: Splats) -> bytes:
    """Version 3. Positions are kept to 1/4096 within ±2048. Raises BadInput beyond that."""
    n = len(splats)
    fixed = np.round(splats.positions.astype(np.float64) * (1 << FRACTION_BITS)).astype(np.int64)
    if np.abs(fixed).max(initial=0) >= 1 << 23:
        raise BadInput("SPZ holds positions within ±2048 units; these splats reach further.")
    places = (fixed.astype("<i4").reshape(-1, 1).view(np.uint8)[:, :3]).tobytes()
    base = splats.sh[:, 0] * (_COLOUR_SCALE * 255) + 0.5 * 255
    parts = [splats.opacity * 255, base, (splats.log_scales + 10) * 16]
    opacities, colours, scales = (np.clip(np.round(p), 0, 255).astype(np.uint8).tobytes() for p in parts)
    rest = np.clip(np.round(splats.sh[:, 1:] * 128 + 128), 0, 255).astype(np.uint8).tobytes()
    header = _HEADER.pack(MAGIC, 3, n, splats.degree, FRACTION_BITS, 0, 0)
    return gzip.compress(header + places + opacities + colours + scales + _pack_turns(splats.rotations) + rest, mtime=0)


def _pack_turns(rotations: npt.NDArray[np.float32]) -> bytes:
    last = rotations[:, [1, 2, 3, 0]].astype(np.float64)
    largest = np.abs(last).argmax(1)
    last *= np.where(np.take_along_axis(last, largest[:, None], 1) < 0, -1, 1)
    bits = largest.astype(np.uint32) << 30
    for index in range(4):
        rows = np.flatnonzero(largest == index)
        for shift, other in zip((20, 10, 0), [i for i in range(4) if i != index], strict=True):
            value = last[rows, other]
            size = np.clip(np.round(np.abs(value) / np.sqrt(0.5) * 511), 0, 511).astype(np.uint32)
            bits[rows] |= (size | np.where(value < 0, np.uint32(512), np.uint32(0))) << np.uint32(shift)
    out: bytes = bits.astype("<u4").tobytes()
    return out


DISPLAY_STEP: Final = SH_0 / (_COLOUR_SCALE * 255)
"""The step of a colour in the file, as a share of the display's range."""
