from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from visavis.arkit import INDEX
from visavis.errors import BadInput, NotFound, VisavisError
from visavis.motion import Motion
from visavis.motion.live_link_csv import HEADER, read_live_link_csv, write_live_link_csv
from visavis.types import TICKS_HZ, FaceFrame

from .conftest import frames


def take(path: Path, seconds: float = 2.0) -> list[FaceFrame]:
    seen = frames(Motion(seed=1), 0, seconds)
    write_live_link_csv(path, seen)
    return seen


def test_a_real_capture_is_read_and_written_back_as_it_was(shared: Callable[[str], Path], tmp_path: Path) -> None:
    source = shared("livelink/alex_rom_3.csv")
    faces = read_live_link_csv(source)
    assert len(faces) == 4030
    assert faces[0].t_ticks == 0
    assert faces[-1].t_ticks / TICKS_HZ == pytest.approx(134.38, abs=0.01)
    assert max(f.weights[INDEX["jawOpen"]] for f in faces) > 0.9
    copy = tmp_path / "copy.csv"
    assert write_live_link_csv(copy, faces) == 4030
    ours, theirs = copy.read_text().splitlines(), source.read_text().splitlines()
    assert ours[0] == theirs[0] == ",".join(HEADER)
    for one, other in zip(ours[1:200], theirs[1:200], strict=True):
        a, b = one.split(","), other.split(",")
        assert a[1] == b[1] == "61"
        assert [v for i, v in enumerate(a[2:]) if i not in (57, 60)] == [v for i, v in enumerate(b[2:]) if i not in (57, 60)]


def test_gaze_agrees_with_the_look_shapes_of_a_real_capture(shared: Callable[[str], Path]) -> None:
    faces = read_live_link_csv(shared("livelink/alex_rom_3.csv"))
    gaze = np.array([f.gaze for f in faces])
    for eye, side in enumerate(("Left", "Right")):
        w = {way: np.array([f.weights[INDEX[f"eyeLook{way}{side}"]] for f in faces]) for way in ("Out", "In", "Down", "Up")}
        outward = (w["Out"] - w["In"]) * (1 if side == "Left" else -1)
        assert np.corrcoef(outward, gaze[:, eye, 0])[0, 1] > 0.95
        assert np.corrcoef(w["Down"] - w["Up"], gaze[:, eye, 1])[0, 1] > 0.95


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    seen = take(tmp_path / "m.csv")
    back = read_live_link_csv(tmp_path / "m.csv")
    assert len(back) == len(seen)
    for a, b in zip(seen, back, strict=True):
        assert abs(a.t_ticks - b.t_ticks) <= 1
        np.testing.assert_allclose(a.weights, b.weights, atol=1e-6)
        np.testing.assert_allclose(a.head_rotation, b.head_rotation, atol=1e-6)
        np.testing.assert_allclose(a.gaze, b.gaze, atol=1e-6)
    first = (tmp_path / "m.csv").read_text().splitlines()[1]
    assert first.startswith("00:00:00:00.000,61,")
    assert len(first.split(",")) == 63


def test_nothing_half_written(tmp_path: Path) -> None:
    target = tmp_path / "m.csv"
    target.write_text("before")

    def breaks() -> Iterator[FaceFrame]:
        yield FaceFrame.neutral()
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError):
        write_live_link_csv(target, breaks())
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_midnight_and_lost_faces(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    take(path, 0.1)
    header, *rows = path.read_text().splitlines()
    codes = ["23:59:59:58.000", "23:59:59:59.500", "00:00:00:01.000"]
    lines = [header] + [f"{code},{row.split(',', 1)[1]}" for code, row in zip(codes, rows, strict=False)]
    lines.insert(2, "23:59:59:58.900,0" + "," * 61)
    path.write_text("\n".join(lines) + "\n")
    assert [f.t_ticks for f in read_live_link_csv(path)] == [0, 1200, 2400]


@pytest.mark.parametrize(
    ("name", "spoil", "says"),
    [
        ("empty", lambda lines: [], "Column 1 should be Timecode"),
        ("header only", lambda lines: lines[:1], "no face"),
        ("not a capture", lambda lines: ["a,b,c", "1,2,3"], "Column 1 should be Timecode"),
        ("short row", lambda lines: [*lines, lines[-1].rsplit(",", 3)[0]], "columns instead of 63"),
        ("words", lambda lines: [lines[0], lines[1].replace(",0.", ",zero", 1)], "not a number"),
        (
            "nan",
            lambda lines: [lines[0], ",".join([*lines[1].split(",")[:2], "nan", *lines[1].split(",")[3:]])],
            "outside 0 to 1",
        ),
        (
            "huge weight",
            lambda lines: [lines[0], ",".join([*lines[1].split(",")[:2], "7", *lines[1].split(",")[3:]])],
            "outside",
        ),
        ("degrees", lambda lines: [lines[0], ",".join([*lines[1].split(",")[:-1], "45.0"])], "radians"),
        ("timecode", lambda lines: [lines[0], "12:61:00:00.0," + lines[1].split(",", 1)[1]], "not a timecode"),
        ("time back", lambda lines: [*lines, lines[1]], "forward"),
        ("long line", lambda lines: [*lines, "x" * 10_000], "longer than 4096"),
        ("quote", lambda lines: [*lines, '"' + "x" * 100], "columns instead"),
    ],
)
def test_malformed_files_are_refused_in_one_line(name: str, spoil: Callable, says: str, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    take(path, 0.2)
    path.write_text("\n".join(spoil(path.read_text().splitlines())) + "\n")
    with pytest.raises(BadInput, match=says) as caught:
        read_live_link_csv(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00bad", b"\x00" * 500, b"Timecode\r" * 9000])
def test_binary_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(content)
    with pytest.raises(VisavisError):
        read_live_link_csv(path)


def test_random_damage_never_escapes_as_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    take(path, 0.3)
    good = path.read_bytes()
    random = np.random.default_rng(4)
    for _ in range(150):
        bad = bytearray(good)
        for at in random.integers(0, len(bad), random.integers(1, 6)):
            bad[at] = random.integers(0, 256)
        path.write_bytes(bytes(bad))
        try:
            faces = read_live_link_csv(path)
        except VisavisError:
            continue
        assert all(np.isfinite(f.weights).all() for f in faces)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"gone\.csv"):
        read_live_link_csv(tmp_path / "gone.csv")
