"""From somebody's splats to an avatar of ours."""

from pathlib import Path

import numpy as np
import pytest
from tests.engines.gaussian.conftest import tiny_person

from visavis.avatars import Likeness
from visavis.engines.gaussian.engine import GaussianEngine
from visavis.engines.gaussian.importing import bound_to_head, fit
from visavis.errors import BadInput
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


def test_our_head_is_found_in_another_place_and_size() -> None:
    mesh = ball_person()
    cloud = head_cloud()
    moved = cloud.moved(np.c_[np.eye(3) * 3.2, [0.4, -2, 7]])
    matrix, apart_m = fit(moved, driver_of(mesh))
    back = moved.positions @ matrix[:, :3].T + matrix[:, 3]
    assert apart_m < 0.006
    assert np.abs(back - cloud.positions).mean() < 0.012
    avatar, remarks = bound_to_head(moved, mesh, most=100_000)
    assert "fits" in remarks[0]
    avatar.validate()
    assert {0, 1} <= set(avatar.layers.tolist())
    still, opened = FaceFrame.neutral(), FaceFrame.neutral(10**7)
    from visavis.arkit import INDEX

    opened.weights[INDEX["jawOpen"]] = 1
    engine = GaussianEngine(avatar, width=96, height=96)
    assert np.abs(engine.draw(still).i420.astype(int) - engine.draw(opened).i420).max() > 8


def test_what_is_no_head_is_refused() -> None:
    rng = np.random.default_rng(0)
    cloud = head_cloud()
    flat = Splats((rng.uniform(-1, 1, cloud.positions.shape) * [9, 1, 0.01]).astype(np.float32), cloud.rotations, cloud.log_scales,
                  cloud.opacity_logits, cloud.sh)  # fmt: skip
    with pytest.raises(BadInput, match="does not fit"):
        bound_to_head(flat, ball_person(), most=100_000)
    with pytest.raises(BadInput, match="too few"):
        bound_to_head(flat.take(slice(0, 50)), ball_person(), most=100_000)
