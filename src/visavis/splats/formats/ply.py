"""PLY: the plain layout of the original 3DGS code (binary or ASCII), and PlayCanvas's compressed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.errors import BadInput
from visavis.splats.cloud import COEFFICIENTS, Splats, check_count, checked
from visavis.splats.formats.packed import read_packed

MAX_HEADER_BYTES: Final = 64 << 10
MAX_PROPERTIES: Final = 256
_TYPES: Final = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2", "uint16": "u2",
    "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}  # fmt: skip
_END: Final = b"end_header"


@dataclass(frozen=True, slots=True)
class Element:
    """One table of the file: its name, how many rows it claims and the columns' names with numpy types."""

    name: str
    count: int
    columns: tuple[tuple[str, str], ...]


def read_ply(data: bytes, name: str) -> Splats:
    """Raises BadInput for a header that is none, a file cut short, or columns that are no splats."""
    layout, elements, start = _header(data, name)
    for element in elements:
        check_count(element.count, name=name)
    tables = _ascii(data, start, elements, name) if layout == "ascii" else _binary(data, start, elements, name, layout)
    if "chunk" in tables:
        return read_packed(tables, name).half_turned()
    if "vertex" not in tables:
        raise BadInput(f"{name} has no vertices.")
    return _plain(tables["vertex"], name).half_turned()


def _header(data: bytes, name: str) -> tuple[str, list[Element], int]:
    end = data.find(_END, 0, MAX_HEADER_BYTES)
    if not data.startswith(b"ply") or end < 0:
        raise BadInput(f"{name} has no PLY header.")
    newline = data.find(b"\n", end)
    start = len(data) if newline < 0 else newline + 1
    layout = ""
    elements: list[tuple[str, int, list[tuple[str, str]]]] = []
    for line in data[:end].decode("ascii", "replace").splitlines():
        match line.split():
            case ["format", kind, _]:
                layout = {"ascii": "ascii", "binary_little_endian": "<", "binary_big_endian": ">"}.get(kind, "")
            case ["element", title, count] if count.isdecimal() and len(count) < 12:
                elements.append((title, int(count), []))
            case ["property", kind, column] if elements and kind in _TYPES:
                elements[-1][2].append((column, _TYPES[kind]))
            case ["property" | "element", *_]:
                raise BadInput(f"{name} has a PLY header with {line[:80]!r}, which splats do not have.")
    if not layout or not elements:
        raise BadInput(f"{name} has a PLY header without a known format or without elements.")
    for title, _, columns in elements:
        names = [column for column, _ in columns]
        if not names or len(names) > MAX_PROPERTIES or len(set(names)) != len(names):
            raise BadInput(f"{name}: the element {title[:40]!r} has {len(names)} columns, or one of them twice.")
    return layout, [Element(title, count, tuple(columns)) for title, count, columns in elements], start


def _binary(data: bytes, start: int, elements: list[Element], name: str, order: str) -> dict[str, npt.NDArray[Any]]:
    tables: dict[str, npt.NDArray[Any]] = {}
    for element in elements:
        row = np.dtype([(column, order + kind) for column, kind in element.columns])
        if start + row.itemsize * element.count > len(data):
            raise BadInput(f"{name} ends before its {element.count} rows of {element.name!r} do.")
        tables[element.name] = np.frombuffer(data, row, element.count, start)
        start += row.itemsize * element.count
    return tables


def _ascii(data: bytes, start: int, elements: list[Element], name: str) -> dict[str, npt.NDArray[Any]]:
    words = data[start:].split()
    tables: dict[str, npt.NDArray[Any]] = {}
    used = 0
    for element in elements:
        width = len(element.columns)
        part = words[used : used + width * element.count]
        used += width * element.count
        if len(part) < width * element.count:
            raise BadInput(f"{name} ends before its {element.count} rows of {element.name!r} do.")
        try:
            numbers = np.array(part, np.float64).reshape(element.count, width)
        except ValueError:
            raise BadInput(f"{name} holds something that is no number.") from None
        table = np.empty(element.count, np.dtype([(column, "f8") for column, _ in element.columns]))
        for i, (column, _) in enumerate(element.columns):
            table[column] = numbers[:, i]
        tables[element.name] = table
    return tables


def _plain(table: npt.NDArray[Any], name: str) -> Splats:
    have = set(table.dtype.names or ())
    lacking = [c for c in ("x", "y", "z", "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3", "f_dc_0",
                           "f_dc_1", "f_dc_2") if c not in have]  # fmt: skip
    if lacking:
        raise BadInput(f"{name} has no column {lacking[0]!r}: it holds points or a mesh, not splats.")
    rest = sum(column.startswith("f_rest_") for column in have)
    if rest not in {0, 9, 24, 45} or any(f"f_rest_{i}" not in have for i in range(rest)):
        raise BadInput(f"{name} has {rest} f_rest columns; 0, 9, 24 or 45 are harmonics.")

    def columns(*names: str) -> npt.NDArray[np.float32]:
        return np.stack([table[n] for n in names], 1).astype(np.float32)

    sh = np.empty((len(table), 1 + rest // 3, 3), np.float32)
    sh[:, 0] = columns("f_dc_0", "f_dc_1", "f_dc_2")
    for i in range(rest):  # channel by channel
        sh[:, 1 + i % (rest // 3), i // (rest // 3)] = table[f"f_rest_{i}"]
    return checked(
        name, columns("x", "y", "z"), columns("rot_0", "rot_1", "rot_2", "rot_3"), columns("scale_0", "scale_1", "scale_2"),
        table["opacity"], sh,
    )  # fmt: skip


def write_ply(splats: Splats) -> bytes:
    """The plain layout, float32, as viewers of the 3DGS family read it."""
    turned = splats.half_turned()
    rest = 3 * (COEFFICIENTS[turned.degree] - 1)
    names = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", *(f"f_rest_{i}" for i in range(rest)), "opacity",
             "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]  # fmt: skip
    by_channel = turned.sh[:, 1:].transpose(0, 2, 1).reshape(len(turned), rest)
    rows = np.concatenate(
        [turned.positions, np.zeros((len(turned), 3), np.float32), turned.sh[:, 0], by_channel, turned.opacity_logits[:, None],
         turned.log_scales, turned.rotations], 1).astype("<f4")  # fmt: skip
    header = [
        "ply",
        "format binary_little_endian 1.0",
        f"element vertex {len(turned)}",
        *(f"property float {n}" for n in names),
    ]
    return "\n".join([*header, "end_header", ""]).encode() + rows.tobytes()
