"""Contact sheets: every shape has its cell, files appear whole."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from visavis.arkit import COUNT, INDEX, SHAPES
from visavis.engines import sheet
from visavis.errors import Unavailable
from visavis.types import FaceFrame, VideoFrame


class Recorder:
    """An engine that paints the sum of a face's weights and keeps the faces."""

    width = height = 64

    def __init__(self) -> None:
        self.faces: list[FaceFrame] = []

    def draw(self, face: FaceFrame) -> VideoFrame:
        self.faces.append(face)
        i420 = np.full((96, 64), 128, np.uint8)
        i420[:64] = np.clip(40 + 100 * face.weights.sum(), 16, 235)
        return VideoFrame(face.t_ticks, i420)

    def close(self) -> None: ...


def test_the_shape_page_shows_each_shape_once_at_full_weight() -> None:
    page = sheet.shape_page()
    assert list(page.faces) == ["neutral", *SHAPES]
    for name in SHAPES:
        assert page.faces[name].weights[INDEX[name]] == 1
    assert page.faces["mouthClose"].weights[INDEX["jawOpen"]] == 1


def test_a_page_has_a_cell_for_each_face_and_time_goes_on() -> None:
    engine = Recorder()
    page = sheet.weights_page("visemes", {str(i): np.full(COUNT, i / 500) for i in range(7)}, 3)
    picture = sheet.draw_page(engine, page)
    assert picture.shape == (3 * 42, 3 * 42, 3)
    assert picture[-1, -1].max() == 0, "the last row is filled up with blanks"
    assert picture[30, 2 * 42 + 30, 0] > picture[30, 30, 0]
    times = [face.t_ticks for face in engine.faces]
    assert np.diff(times).min() >= sheet.GAP_TICKS


def test_turns_turn() -> None:
    engine = Recorder()
    sheet.draw_page(engine, sheet.turn_page())
    assert [round(float(np.degrees(f.head_rotation[0]))) for f in engine.faces] == [-35, -18, 0, 18, 35]


def test_files_are_written_whole(tmp_path: Path) -> None:
    table = {"one": np.zeros(COUNT), "two": np.ones(COUNT)}
    paths = sheet.write_sheets(Recorder(), "nova", tmp_path / "sheets", visemes=table, emotions=table)
    assert [p.name for p in paths] == [
        "nova-shapes.jpg",
        "nova-visemes.jpg",
        "nova-emotions.jpg",
        "nova-turns.jpg",
        "nova-overview.jpg",
    ]
    assert all(cv2.imread(str(p)) is not None for p in paths)
    assert sorted(p.name for p in (tmp_path / "sheets").iterdir()) == sorted(p.name for p in paths)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unavailable, match="cannot be written"):
        sheet.write_sheets(Recorder(), "nova", tmp_path / "file")
