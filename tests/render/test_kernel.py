"""Compiled kernels are kept on disk, and thrown away when anything they are made of changes."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from visavis.render import kernel

PIECE = "from visavis.render.kernel import kernel\n\n@kernel\ndef add(a, b):\n    return a + b\n"


def load(path: Path):
    spec = importlib.util.spec_from_file_location("kept_kernel", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["kept_kernel"] = module
    spec.loader.exec_module(module)
    return module.add


def test_a_kernel_is_kept_until_a_source_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kept_kernel.py").write_text(PIECE)
    first = load(tmp_path / "kept_kernel.py")
    assert first(1, 2) == 3
    assert sum(first.stats.cache_misses.values()) == 1
    again = load(tmp_path / "kept_kernel.py")
    assert again(1, 2) == 3
    assert sum(again.stats.cache_hits.values()) == 1
    monkeypatch.setattr(kernel, "SOURCES", "another source")
    changed = load(tmp_path / "kept_kernel.py")
    assert changed(1, 2) == 3
    assert sum(changed.stats.cache_hits.values()) == 0


def test_the_hash_sees_every_file(tmp_path: Path) -> None:
    folder = tmp_path / "render"
    shutil.copytree(Path(kernel.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = kernel.sources_hash(folder)
    assert before == kernel.SOURCES
    with (folder / "lanes.py").open("a") as stream:
        stream.write("\n")
    assert kernel.sources_hash(folder) != before


def test_all_of_a_frame_is_kept() -> None:
    """A kernel that closes over a function would be compiled anew in every process."""
    from visavis.render import light, paint, pose, raster

    for function in (paint.paint, raster.draw_band_4, raster.draw_band_1, raster.cull, pose.pose_project, light.light_surface):
        assert function.py_func.__closure__ is None, function
