"""The canonical head from the real data: topology, shapes, joints, sealed lips, teeth behind them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.head_data import canonical_head, head_asset

from visavis.arkit import SHAPES
from visavis.head import canonical, lips
from visavis.head.canonical import AVERAGE, CanonicalHead
from visavis.head.eyes import fit_eyes
from visavis.head.joints import find_joints
from visavis.head.teeth import model_teeth

PEOPLE = {
    "average": dict(AVERAGE),
    "woman": {"macrodetails/asian-female-young": 1, "macrodetails/universal-female-young-averagemuscle-averageweight": 1},
    "old man": {"macrodetails/african-male-old": 1, "macrodetails/universal-male-old-averagemuscle-averageweight": 1},
}


@pytest.fixture(scope="module")
def head() -> CanonicalHead:
    return canonical_head()


def test_topology(head: CanonicalHead) -> None:
    assert head.shapes.names == SHAPES
    assert head.skin.shape == (len(head.masks["lips"]), len(head.cage))
    assert head.skin_quads.max() == head.skin.shape[0] - 1
    assert 4_000 < len(head.cage) < 8_000
    np.testing.assert_allclose(np.asarray(head.skin.sum(1)).ravel(), 1.0, atol=1e-9)
    assert {"eyes/l-eye-scale-incr", "head/head-oval", "macrodetails/caucasian-male-old"} <= set(head.identity.names)


def test_shapes_move_what_their_names_say(head: CanonicalHead) -> None:
    cage = head.cage_of(AVERAGE)
    eyes = fit_eyes(head, cage)
    assert eyes.centres[0, 0] > 0 > eyes.centres[1, 0]  # the character's left is +X
    assert eyes.apart_m == pytest.approx(0.058, abs=0.006)

    def where(name: str) -> np.ndarray:
        moved = np.asarray(head.skin @ head.shapes.field(name))
        weight = np.linalg.norm(moved, axis=1)
        return np.asarray((head.skin @ cage * weight[:, None]).sum(0) / weight.sum() - eyes.middle)

    for side, sign in (("Left", 1), ("Right", -1)):
        assert sign * where("eyeBlink" + side)[0] > 0.02
        assert sign * where("mouthSmile" + side)[0] > 0.01
        assert where("mouthSmile" + side)[1] < -0.03 < where("browDown" + side)[1]
    jaw = np.asarray(head.skin @ head.shapes.field("jawOpen"))
    assert jaw[:, 1].min() < -0.015
    assert all(np.abs(head.shapes.field(name)).max() > 1e-4 for name in SHAPES)


@pytest.mark.parametrize("who", PEOPLE)
def test_lips_are_sealed_at_neutral(head: CanonicalHead, who: str) -> None:
    cage = head.cage_of(PEOPLE[who])
    upper, lower = (np.flatnonzero(side) for side in lips.lip_sides(head))
    _, before = lips.seam(np.asarray(head.skin @ cage), upper, lower)
    sealed = lips.seal(head, cage)
    line, after = lips.seam(np.asarray(head.skin @ sealed), upper, lower)
    assert before.max() > 0.0008 + lips.OVERLAP_M
    assert after.max() < lips.OVERLAP_M + 0.00015, "openings are counted from the wanted overlap"
    moved = np.linalg.norm(sealed - cage, axis=1)
    assert moved.max() < 0.003
    far = np.abs(cage[:, 1] - line[:, 1].mean()) > 0.03
    assert moved[far].max() < 1e-6


def test_lips_meet_when_the_jaw_opens_and_the_mouth_closes(head: CanonicalHead) -> None:
    cage = lips.seal(head, head.cage_of(AVERAGE))
    upper, lower = (np.flatnonzero(side) for side in lips.lip_sides(head))
    for amount in (0.3, 0.7, 1.0):
        moved = cage + amount * (head.shapes.field("jawOpen") + head.shapes.field("mouthClose"))
        _, gap = lips.seam(np.asarray(head.skin @ moved), upper, lower)
        assert np.median(gap) < 0.0015


def test_joints(head: CanonicalHead) -> None:
    joints = find_joints(head, head.cage_of(AVERAGE))
    jaw = joints.jaw - joints.eyes.middle
    assert jaw[0] == 0
    assert -0.07 < jaw[1] < -0.02
    assert -0.09 < jaw[2] < -0.02
    assert joints.neck[1] < joints.head[1] < joints.eyes.middle[1]


@pytest.mark.parametrize("who", PEOPLE)
def test_teeth_stand_behind_the_closed_lips_and_follow_the_jaw(head: CanonicalHead, who: str) -> None:
    cage = lips.seal(head, head.cage_of(PEOPLE[who]))
    surface = np.asarray(head.skin @ cage)
    upper, lower = model_teeth(head, cage)
    outside = (head.masks["inside-mouth"] < 0.2) & (np.abs(surface[:, 0]) < 0.03)
    for row in (upper, lower):
        front = row.vertices[np.abs(row.vertices[:, 0]) < 0.012]
        for tooth in front[:: max(len(front) // 40, 1)]:
            near = np.linalg.norm(surface[outside][:, :2] - tooth[:2], axis=1) < 0.003
            if near.any():
                assert surface[outside][near, 2].max() > tooth[2], "a tooth in front of the face"
    assert upper.binding is None
    assert lower.binding is not None
    drop = np.asarray(lower.binding @ head.shapes.field("jawOpen"))
    assert drop[:, 1].max() < -0.005
    assert lower.vertices[~lower.gum, 2].max() < upper.vertices[~upper.gum, 2].max()


def test_the_cached_head_is_the_same_and_not_built_again(
    head: CanonicalHead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canonical.assets, "ensure", lambda *_: head_asset())
    built = canonical.load_head(tmp_path)
    monkeypatch.setattr(canonical, "build_head", None)
    again = canonical.load_head(tmp_path)
    np.testing.assert_array_equal(again.cage, built.cage)
    np.testing.assert_array_equal(again.shapes.values, head.shapes.values)
    assert (again.skin != built.skin).nnz == 0
    assert sorted(p.suffix for p in (tmp_path / "head").iterdir()) == [".npz"]


def test_a_damaged_cache_is_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical.assets, "ensure", lambda *_: head_asset())
    canonical.load_head(tmp_path)
    (file,) = (tmp_path / "head").iterdir()
    file.write_bytes(b"damaged")
    assert len(canonical.load_head(tmp_path).cage) > 4_000
