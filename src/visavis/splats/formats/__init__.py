"""Splat files: `read_splats` tells the format by the file's bytes, `write_splats` by the name's ending.

Every reader hands over `Splats` in our axes: formats of the 3DGS family (PLY, .splat, .ksplat, .sog) are y down, z away and are turned.
What comes from strangers is bounded: counts are checked against the file's length before anything is allocated.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from visavis.errors import BadInput, NotFound, TooLarge, Unavailable
from visavis.splats.cloud import Splats

MAX_FILE_BYTES: Final = 512 << 20
READ: Final = (".ply", ".splat", ".spz", ".ksplat", ".sog", ".glb", ".gltf")
WRITTEN: Final = (".ply", ".splat", ".spz", ".glb")


def read_splats(path: Path) -> Splats:
    """The splats of a file: 3DGS or PlayCanvas-compressed .ply, .splat, .spz, .ksplat, .sog, glTF with KHR_gaussian_splatting.

    Raises NotFound, TooLarge, or BadInput in one line that names the file.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise TooLarge(f"{path.name} has {path.stat().st_size >> 20} MiB; at most {MAX_FILE_BYTES >> 20} are taken.")
    data = path.read_bytes()
    suffix = path.suffix.lower()
    match data[:4]:
        case b"ply\n" | b"ply\r":
            from visavis.splats.formats.ply import read_ply

            return read_ply(data, path.name)
        case b"NGSP":
            from visavis.splats.formats.spz import read_spz

            return read_spz(data, path.name)
        case b"glTF":
            from visavis.splats.formats.gltf import read_gltf

            return read_gltf(data, path.name)
        case _:
            return _read_by_name(data, path.name, suffix)


def _read_by_name(data: bytes, name: str, suffix: str) -> Splats:
    """Formats without a mark of their own."""
    match suffix:
        case ".spz":
            from visavis.splats.formats.spz import read_spz

            return read_spz(data, name)
        case ".splat":
            from visavis.splats.formats.splat import read_splat

            return read_splat(data, name)
        case ".ksplat":
            from visavis.splats.formats.ksplat import read_ksplat

            return read_ksplat(data, name)
        case ".sog":
            from visavis.splats.formats.sog import read_sog

            return read_sog(data, name)
        case ".gltf":
            from visavis.splats.formats.gltf import read_gltf

            return read_gltf(data, name)
    raise BadInput(f"{name} is no splat file.", mend=f"Readable: {', '.join(READ)}.")


def write_splats(splats: Splats, path: Path) -> None:
    """Write a file whole or not at all, in the format that its name ends in (`WRITTEN`).

    Raises BadInput for another ending and Unavailable where the file cannot be written.
    """
    match path.suffix.lower():
        case ".ply":
            from visavis.splats.formats.ply import write_ply

            data = write_ply(splats)
        case ".splat":
            from visavis.splats.formats.splat import write_splat

            data = write_splat(splats)
        case ".spz":
            from visavis.splats.formats.spz import write_spz

            data = write_spz(splats)
        case ".glb":
            from visavis.splats.formats.gltf import write_gltf

            data = write_gltf(splats)
        case other:
            raise BadInput(f"Splats cannot be written as {other or path.name!r}.", mend=f"Use {', '.join(WRITTEN)}.")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error}.") from None
    finally:
        partial.unlink(missing_ok=True)
