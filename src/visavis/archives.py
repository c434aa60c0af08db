"""Zip files from elsewhere: names, kinds and sizes are checked before a byte is written."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Final

from visavis.errors import BadInput, TooLarge

CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an archive may hold at most."""

    files: int
    file_bytes: int
    total_bytes: int


@contextmanager
def open_zip(source: Path | IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """A zip file for reading. Raises BadInput if it is none."""
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadInput(f"{_name(source)} is not a readable zip file ({error}).") from None
    with archive:
        yield archive


def safe_members(archive: zipfile.ZipFile, bounds: Bounds) -> list[zipfile.ZipInfo]:
    """The archive's files, folders left out. Raises BadInput for a name, kind or size that must not be unpacked."""
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) > bounds.files:
        raise TooLarge(f"The archive holds {len(members)} files; at most {bounds.files} are taken.")
    seen: set[str] = set()
    for info in members:
        check_name(info.filename)
        if stat.S_ISLNK(info.external_attr >> 16):
            raise BadInput(f"The archive holds a link ({info.filename!r}); only plain files are taken.")
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise BadInput(f"{info.filename!r} in the archive is packed in an unusual way.", mend="Pack it as a plain zip.")
        if info.flag_bits & 1:
            raise BadInput(f"{info.filename!r} in the archive is encrypted.")
        if info.file_size > bounds.file_bytes:
            raise TooLarge(
                f"{info.filename!r} in the archive is {info.file_size} bytes; at most {bounds.file_bytes} are taken."
            )
        folded = info.filename.casefold()
        if folded in seen:
            raise BadInput(f"The archive holds {info.filename!r} twice.")
        seen.add(folded)
    total = sum(info.file_size for info in members)
    if total > bounds.total_bytes:
        raise TooLarge(f"The archive unpacks to {total} bytes; at most {bounds.total_bytes} are taken.")
    return members


def check_name(name: str) -> PurePosixPath:
    """A relative path inside a folder, or BadInput: no absolute names, no `..`, no drives, no control characters."""
    path = PurePosixPath(name)
    windows = PureWindowsPath(name)
    bad = (
        not name or "\\" in name or ":" in name or any(ord(c) < 32 for c in name) or len(name) > 240
        or path.is_absolute() or windows.is_absolute() or windows.drive or any(p in {"..", "."} for p in name.split("/"))
    )  # fmt: skip
    if bad:
        raise BadInput(f"The name {name[:80]!r} in an archive would leave its folder.")
    return path


def unpack(archive: zipfile.ZipFile, members: Iterable[tuple[zipfile.ZipInfo, str]], folder: Path) -> None:
    """Write each member under the relative name beside it. What decompresses to more than it declares is refused."""
    for info, name in members:
        target = folder / check_name(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        left = info.file_size
        try:
            with archive.open(info) as source, target.open("wb") as sink:
                while block := source.read(min(CHUNK_BYTES, left + 1)):
                    left -= len(block)
                    if left < 0:
                        raise TooLarge(f"{info.filename!r} in the archive is larger than it says.")
                    sink.write(block)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise BadInput(f"{info.filename!r} in the archive is damaged ({error}).") from None


def _name(source: Path | IO[bytes]) -> str:
    return source.name if isinstance(source, Path) else "The upload"
