"""`.ksplat`: sections of splats in buckets; positions relative to the bucket's centre, three levels of compression."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.errors import BadInput
from visavis.splats.cloud import COEFFICIENTS, SH_0, Splats, check_count, checked, joined, logit_of

HEADER_BYTES: Final = 4096
SECTION_BYTES: Final = 1024
MAX_SECTIONS: Final = 4096
MAX_BUCKETS: Final = 1 << 22
_RANGE: Final = 32767
"""Of 16-bit positions, where a section does not say."""
_BUCKET_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class _Section:
    count: int
    capacity: int
    bucket_size: int
    buckets: int
    block: float
    bucket_bytes: int
    scale_range: int
    full: int
    partial: int
    degree: int


def read_ksplat(data: bytes, name: str) -> Splats:
    """Raises BadInput for another version, or where the sections do not fit into the file."""
    if len(data) < HEADER_BYTES or data[0] != 0 or data[1] < 1:
        raise BadInput(f"{name} is no .ksplat file of version 0.1.")
    sections, splats, level = (struct.unpack_from(f, data, at)[0] for f, at in (("<I", 4), ("<I", 16), ("<H", 20)))
    low, high = struct.unpack_from("<ff", data, 36)
    bounds = (low, high) if low < high else (-1.5, 1.5)
    check_count(splats, name=name)
    if level > 2 or not 0 < sections <= MAX_SECTIONS or HEADER_BYTES + sections * SECTION_BYTES > len(data):
        raise BadInput(f"{name} claims {sections} sections at compression level {level}.")
    at, clouds = HEADER_BYTES + sections * SECTION_BYTES, []
    for i in range(sections):
        section = _section(data, HEADER_BYTES + i * SECTION_BYTES, name)
        row = _row(level, section.degree)
        size = 4 * section.partial + section.bucket_bytes * section.buckets + row.itemsize * section.capacity
        if section.count and at + size > len(data):
            raise BadInput(f"{name} ends within its section {i + 1}.")
        if section.count:
            clouds.append(_read_section(data, at, section, row, level, bounds, name))
        at += size
    return joined(clouds).half_turned()


def _section(data: bytes, at: int, name: str) -> _Section:
    values = struct.unpack_from("<IIIIfHxxI4xIIH", data, at)
    section = _Section(*values)
    fits = section.count <= section.capacity and section.full * section.bucket_size <= section.count
    if section.count and not (
        fits and section.degree <= 3 and section.full + section.partial <= section.buckets <= MAX_BUCKETS
    ):
        raise BadInput(f"{name} has a section that does not hold together.")
    if section.count and (section.bucket_bytes < _BUCKET_BYTES or not np.isfinite(section.block)):
        raise BadInput(f"{name} has a section with buckets of {section.bucket_bytes} bytes.")
    if section.count:
        check_count(section.capacity, name=name)
    return section


def _row(level: int, degree: int) -> np.dtype[Any]:
    rest = 3 * (COEFFICIENTS[degree] - 1)
    number, place = ("<f4", "<f4") if level == 0 else ("<f2", "<u2")
    harmonic = ("<f4", "<f2", "u1")[level]
    return np.dtype([("at", place, 3), ("scale", number, 3), ("turn", number, 4), ("rgba", "u1", 4), ("sh", harmonic, (rest,))])


def _read_section(
    data: bytes, at: int, section: _Section, row: np.dtype[Any], level: int, bounds: tuple[float, float], name: str
) -> Splats:
    partial = np.frombuffer(data, "<u4", section.partial, at).astype(np.int64)
    at += 4 * section.partial
    centres = np.frombuffer(data, np.uint8, section.bucket_bytes * section.buckets, at).reshape(section.buckets, -1)
    centres = np.ascontiguousarray(centres[:, :_BUCKET_BYTES]).view("<f4")
    at += section.bucket_bytes * section.buckets
    rows = np.frombuffer(data, row, section.count, at)
    positions = rows["at"].astype(np.float64)
    if level > 0:
        span = section.scale_range or _RANGE
        positions = (positions - span) * (section.block / 2 / span) + centres[_bucket_of(section, partial, name)]
    rgba = rows["rgba"] / 255.0
    rest = rows["sh"].astype(np.float64)
    if level == 2:
        rest = bounds[0] + rest / 255 * (bounds[1] - bounds[0])
    sh = np.concatenate([((rgba[:, None, :3] - 0.5) / SH_0), _by_degree(rest, section.degree)], 1)
    log_scales = np.log(np.maximum(rows["scale"].astype(np.float64), 1e-12))
    return checked(name, positions, rows["turn"], log_scales, logit_of(rgba[:, 3]), sh)


def _bucket_of(section: _Section, partial: npt.NDArray[np.int64], name: str) -> npt.NDArray[np.intp]:
    """The bucket of each splat: full ones first, then those that hold fewer."""
    sizes = np.concatenate([np.full(section.full, section.bucket_size, np.int64), np.minimum(partial, section.count)])
    of = np.searchsorted(np.cumsum(sizes), np.arange(section.count), side="right")
    if len(of) and of.max(initial=0) >= len(sizes):
        raise BadInput(f"{name} has splats that lie in no bucket.")
    return of


def _by_degree(rest: npt.NDArray[np.float64], degree: int) -> npt.NDArray[np.float64]:
    """[n, k, 3]: the file has one degree after another, and within it one channel after another."""
    parts, at = [np.zeros((len(rest), 0, 3))], 0
    for d in range(1, degree + 1):
        width = 2 * d + 1
        parts.append(rest[:, at : at + 3 * width].reshape(-1, 3, width).transpose(0, 2, 1))
        at += 3 * width
    return np.concatenate(parts, 1)
