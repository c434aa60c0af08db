"""From somebody's splats to an avatar of ours."""

from pathlib import Path

import numpy as np
import pytest
from tests.engines.gaussian.conftest import tiny_person

from visavis.arkit import INDEX
from visavis.avatars import Likeness
from visavis.engines.gaussian import importing
from visavis.engines.gaussian.cameras import free
from visavis.engines.gaussian.engine import GaussianEngine
from visavis.engines.gaussian.facing import in_space
from visavis.engines.gaussian.importing import lay_on
from visavis.errors import BadInput
from visavis.render.prepare import rotation
from visavis.session.creation import Kind, Request, create_avatar, kind_of
from visavis.session.faces import InstalledFaces
from visavis.splats.cloud import Splats
from visavis.splats.driver import driver_of
from visavis.splats.formats import write_splats
from visavis.testing.person import ball_person
from visavis.types import FaceFrame

SELF_MADE = Likeness(origin="synthetic", statement="Nobody.")


def unheard(doing: str, part: float) -> None:
    del doing, part


def head_cloud() -> Splats:
    return tiny_person().at_rest()


@pytest.mark.parametrize("suffix", [".ply", ".spz", ".splat", ".glb"])
def test_a_file_of_splats_becomes_an_avatar(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"bust{suffix}"
    write_splats(head_cloud(), source)
    assert kind_of(source) is Kind.SPLATS
    avatar, remarks = create_avatar(Request(source, likeness=SELF_MADE), tmp_path / "home", tmp_path / "cache", unheard)
    assert (avatar.name, avatar.engines) == ("bust", ("gaussian",))
    assert "rig=true" in remarks[0]
    engine = InstalledFaces(tmp_path / "home", tmp_path / "cache").engine(avatar, None, 96)
    frame = engine.draw(FaceFrame.neutral())
    assert frame.i420[:96].std() > 20


@pytest.mark.parametrize("options", [{"hat": "1"}, {"splats": "many"}, {"splats": "0"}, {"rig": "maybe"}, {"yaw": "4000"}])
def test_options_that_are_none(tmp_path: Path, options: dict[str, str]) -> None:
    write_splats(head_cloud(), tmp_path / "a.ply")
    with pytest.raises(BadInput):
        create_avatar(
            Request(tmp_path / "a.ply", likeness=SELF_MADE, options=options), tmp_path / "home", tmp_path / "c", unheard
        )
    assert not list((tmp_path / "home").glob("avatars/*"))


def test_landmarks_are_laid_on_landmarks_whatever_a_few_of_them_say() -> None:
    rng = np.random.default_rng(0)
    target = rng.normal(0, 0.05, (468, 3))
    turn = rotation(0.4, -0.2, 0.1)
    marks = (target @ turn.T) * 3.2 + [0.4, -2, 7] + rng.normal(0, 0.002, target.shape)
    marks[:60] += rng.normal(0, 1, (60, 3))
    marks[60:80] = np.nan
    matrix, apart_m = lay_on(marks, target)
    assert np.allclose(matrix[:, :3], turn.T / 3.2, atol=2e-3)
    assert apart_m < 0.003
    with pytest.raises(BadInput, match="Too little"):
        lay_on(np.where(np.arange(468)[:, None] < 400, np.nan, marks), target)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Splats:
    """The tiny head elsewhere and larger; its landmarks and the template's are points of its surface."""
    points = driver_of(ball_person()).points[:468].astype(float)
    monkeypatch.setattr(importing, "marks_on_mesh", lambda mesh, landmarker: points)
    monkeypatch.setattr(importing, "marks_in_cloud", lambda cloud, landmarker: points * 3.2 + [0.4, -2, 7])
    return head_cloud().moved(np.c_[np.eye(3) * 3.2, [0.4, -2, 7]])


def test_a_head_is_bound_to_ours_and_moves(marked: Splats) -> None:
    avatar, remarks = importing.bound_to_head(marked, ball_person(), None, most=100_000)
    assert "fits to 0.0 mm" in remarks[0]
    avatar.validate()
    assert {0, 1} <= set(avatar.layers.tolist())
    back = avatar.at_rest().positions
    assert np.abs(np.sort(back, axis=0) - np.sort(head_cloud().positions, axis=0)).max() < 1e-3
    opened = FaceFrame.neutral(10**7)
    opened.weights[INDEX["jawOpen"]] = 1
    engine = GaussianEngine(avatar, width=96, height=96)
    assert np.abs(engine.draw(FaceFrame.neutral()).i420.astype(int) - engine.draw(opened).i420).max() > 8


def test_a_head_that_does_not_fit_is_refused(marked: Splats, monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(0).normal(0, 0.05, (468, 3))
    monkeypatch.setattr(importing, "marks_in_cloud", lambda cloud, landmarker: points)
    with pytest.raises(BadInput, match="does not fit"):
        importing.bound_to_head(marked, ball_person(), None, most=100_000)


def test_a_pixel_with_its_depth_is_the_point_it_shows() -> None:
    camera = free(tiny_person(), 96, 96, yaw_rad=0.4, pitch_rad=0.2)
    points = np.random.default_rng(1).normal(0, 0.03, (30, 3)).astype(np.float32)
    seen = camera.project(points)
    depth = np.zeros((96, 96))
    for x, y, near in seen:
        depth[:] = 1 / near
        found = in_space(np.array([[x, y]]), depth, camera)
        assert np.linalg.norm(found - points, axis=1).min() < 1e-3
    assert np.isnan(in_space(np.array([[5.0, 5.0]]), np.zeros((96, 96)), camera)).all()
