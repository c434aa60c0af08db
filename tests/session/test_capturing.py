"""What is photographed, and what is kept apart."""

from pathlib import Path

import numpy as np
import pytest

from visavis.avatars import load_avatar
from visavis.errors import BadInput
from visavis.session.capturing import TURN_RAD, CapturePlan, capture_person, expressions, split_of, views


def test_moments_are_various_bounded_and_the_same_for_a_seed() -> None:
    plan = CapturePlan(moments=60)
    faces = expressions(plan)
    weights = np.stack([f.weights for f in faces])
    assert weights[0].max() == 0
    assert not faces[0].head_rotation.any()
    assert weights.min() >= 0
    assert weights.max() <= 1
    assert (weights.max(0) >= 0.5).all()
    turns = np.stack([f.head_rotation for f in faces])
    assert (np.abs(turns) <= TURN_RAD).all()
    assert np.array_equal(expressions(plan)[7].weights, faces[7].weights)
    assert not np.array_equal(expressions(CapturePlan(moments=60, seed=2))[7].weights, faces[7].weights)
    assert len({f.t_ticks for f in faces}) == 60


def test_what_is_kept_apart_is_never_trained_on() -> None:
    plan = CapturePlan()
    splits = {(c, m): split_of(c, m) for c in range(plan.cameras) for m in range(plan.moments)}
    kinds = {kind: {key for key, value in splits.items() if value == kind} for kind in ("train", "val", "test")}
    assert {c for c, _ in kinds["val"]}.isdisjoint({c for c, _ in kinds["train"]})
    assert {m for _, m in kinds["test"]}.isdisjoint({m for _, m in kinds["train"]})
    assert len(kinds["train"]) > 0.6 * len(splits)
    assert len(views(plan)) == plan.cameras


@pytest.mark.parametrize(
    "plan", [CapturePlan(cameras=1), CapturePlan(moments=9999), CapturePlan(size=65), CapturePlan(size=4096)]
)
def test_plans_that_cannot_be(tmp_path: Path, plan: CapturePlan) -> None:
    with pytest.raises(BadInput):
        capture_person(load_avatar("nova", tmp_path), tmp_path / "c", plan, tmp_path, lambda what, part: None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    with pytest.raises(BadInput, match="there already"):
        capture_person(load_avatar("nova", tmp_path), tmp_path / "c", CapturePlan(), tmp_path, lambda what, part: None)
