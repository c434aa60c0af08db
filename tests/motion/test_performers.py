from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests import needs

from visavis.arkit import INDEX
from visavis.errors import BadInput
from visavis.motion.live_link_csv import read_live_link_csv
from visavis.motion.look import head_matrix
from visavis.motion.performers import Performer, load_performer, performer_path, save_performer
from visavis.types import FaceFrame

REST = {"mouthFrownLeft": 0.23, "mouthFunnel": 0.13, "browInnerUp": 0.1}


def face(head: tuple[float, float, float] = (0.1, 0.2, 0.05), **weights: float) -> FaceFrame:
    vector = np.zeros(52, np.float32)
    for name, value in (REST | weights).items():
        vector[INDEX[name]] = value
    return FaceFrame(0, vector, np.array(head, np.float32), np.zeros(3, np.float32), np.full((2, 2), 0.05, np.float32))


def performer(**gains: float) -> Performer:
    blinking = [face(eyeBlinkLeft=1.0)] * 5
    return Performer.at_rest([face()] * 60 + blinking, gains)


def test_the_resting_face_becomes_neutral_and_full_stays_full() -> None:
    seen = performer().apply(face())
    assert not seen.weights.any()
    np.testing.assert_allclose(seen.head_rotation, 0.0, atol=1e-6)
    np.testing.assert_allclose(seen.gaze, 0.0, atol=1e-7)
    full = performer().apply(face(mouthFrownLeft=1.0, jawOpen=0.5))
    assert full.weights[INDEX["mouthFrownLeft"]] == pytest.approx(1.0)
    assert full.weights[INDEX["jawOpen"]] == pytest.approx(0.5)


def test_the_head_turns_from_where_straight_ahead_is() -> None:
    rest, turned = (0.1, 0.2, 0.05), (0.4, 0.2, 0.05)
    seen = performer().apply(face(turned))
    wanted = head_matrix(*rest).T @ head_matrix(*turned)
    np.testing.assert_allclose(head_matrix(*map(float, seen.head_rotation)), wanted, atol=1e-6)


def test_gains_raise_what_is_weak_on_one_side_or_both() -> None:
    seen = performer(mouthSmile=2.0, jawOpen=1.5).apply(face(mouthSmileLeft=0.3, mouthSmileRight=0.6, jawOpen=0.4))
    got = [seen.weights[INDEX[name]] for name in ("mouthSmileLeft", "mouthSmileRight", "jawOpen")]
    np.testing.assert_allclose(got, [0.6, 1.0, 0.6], atol=1e-6)


def test_a_real_performer_comes_to_rest() -> None:
    take = read_live_link_csv(needs.shared("livelink/alex_rom_3.csv"))
    at_rest = Performer.at_rest(take[:60])
    before, after = take[30].weights, at_rest.apply(take[30]).weights
    looks = [INDEX[name] for name in INDEX if not name.startswith("eyeLook")]
    assert before[looks].max() > 0.15
    assert after[looks].max() < 0.04


def test_it_is_kept_and_read_back(tmp_path: Path) -> None:
    path = save_performer(tmp_path, "Ann’s iPhone/../x", performer(jawOpen=1.5))
    assert path.parent == tmp_path / "performers"
    back = load_performer(tmp_path, "Ann’s iPhone/../x")
    np.testing.assert_allclose(back.neutral, performer().neutral, atol=1e-6)
    np.testing.assert_allclose(back.head, performer().head, atol=1e-6)
    assert back.gains == {"jawOpen": 1.5}
    untouched = load_performer(tmp_path, "nobody").apply(face())
    np.testing.assert_array_equal(untouched.weights, face().weights)


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{", '{"age": 3}', '{"neutral": {"jaw": 0.1}}', '{"neutral": {"jawOpen": NaN}}', '{"neutral": {"jawOpen": 5}}',
        '{"gains": {"jawOpen": "much"}}', '{"gains": {"ears": 1}}', '{"gains": {"jawOpen": true}}', '{"head": [0, 0]}',
        '{"head": [0, 0, 1e9]}', '{"gaze": 3}', "[" * 10_000, '{"neutral": {"jawOpen": 0.1}}' + " " * 70_000,
    ],
)  # fmt: skip
def test_a_damaged_calibration_is_one_clear_line(content: str, tmp_path: Path) -> None:
    path = performer_path(tmp_path, "ann")
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(BadInput, match="is no calibration") as caught:
        load_performer(tmp_path, "ann")
    assert "\n" not in str(caught.value)


def test_too_few_faces_are_no_calibration() -> None:
    with pytest.raises(BadInput, match="3 faces came"):
        Performer.at_rest([face()] * 3)


def test_what_is_written_is_readable(tmp_path: Path) -> None:
    data = json.loads(save_performer(tmp_path, "ann", performer()).read_text())
    assert set(data["neutral"]) == set(REST)
