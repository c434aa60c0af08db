"""Zip files from strangers: what must not be unpacked is refused before a byte is written."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from visavis.archives import Bounds, check_name, open_zip, safe_members, unpack
from visavis.errors import BadInput, TooLarge

BOUNDS = Bounds(files=4, file_bytes=1000, total_bytes=2000)


def zipped(**files: bytes) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    stream.seek(0)
    return stream


@pytest.mark.parametrize(
    "name", ["../a", "a/../../b", "/etc/passwd", "C:/a", "C:a", "a\\b", "\\\\host\\a", "a/./b", "", "a\nb", "a" * 300, "a:b"]
)
def test_names_that_leave_the_folder_are_refused(name: str) -> None:
    with pytest.raises(BadInput):
        check_name(name)


def test_a_plain_name_passes() -> None:
    assert check_name("hair/style.toml").parts == ("hair", "style.toml")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_unusual_packing_is_refused(method: int) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("a.txt", b"a" * 100)
    with open_zip(stream) as archive, pytest.raises(BadInput, match="unusual way"):
        safe_members(archive, BOUNDS)


def test_zip_slip_writes_nothing(tmp_path: Path) -> None:
    with open_zip(zipped(**{"../../escaped": b"x"})) as archive, pytest.raises(BadInput, match="leave its folder"):
        unpack(archive, [(i, i.filename) for i in safe_members(archive, BOUNDS)], tmp_path / "in")
    assert list(tmp_path.rglob("*")) == []


def test_links_are_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with open_zip(stream) as archive, pytest.raises(BadInput, match="link"):
        safe_members(archive, BOUNDS)


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({f"f{i}": b"" for i in range(5)}, "holds 5 files"),
        ({"big": b"0" * 1001}, "1001 bytes"),
        ({"a": b"0" * 900, "b": b"0" * 900, "c": b"0" * 900}, "2700 bytes"),
    ],
)
def test_bounds(files: dict[str, bytes], what: str) -> None:
    with open_zip(zipped(**files)) as archive, pytest.raises(TooLarge, match=what):
        safe_members(archive, BOUNDS)


def test_the_same_name_twice_is_refused_whatever_its_case() -> None:
    with open_zip(zipped(**{"A.toml": b"1", "a.toml": b"2"})) as archive, pytest.raises(BadInput, match="twice"):
        safe_members(archive, BOUNDS)


def test_a_member_that_lies_about_its_size_is_stopped(tmp_path: Path) -> None:
    data = bytearray(zipped(bomb=b"0" * 900_000).getvalue())
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 10)
    with open_zip(io.BytesIO(bytes(data))) as archive:
        members = [(i, i.filename) for i in safe_members(archive, BOUNDS)]
        with pytest.raises(BadInput):
            unpack(archive, members, tmp_path)
    assert sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()) <= 20


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 not really", b"\x00" * 100])
def test_what_is_no_zip_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(data)
    with pytest.raises(BadInput, match="not a readable zip"), open_zip(path):
        pass


def test_unpacking_keeps_contents(tmp_path: Path) -> None:
    with open_zip(zipped(**{"a/b.txt": b"hello", "c.txt": b""})) as archive:
        unpack(archive, [(i, i.filename) for i in safe_members(archive, BOUNDS)], tmp_path)
    assert (tmp_path / "a/b.txt").read_bytes() == b"hello"
    assert (tmp_path / "c.txt").read_bytes() == b""
