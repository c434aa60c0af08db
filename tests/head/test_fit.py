"""The head is found again where it was projected from, and lies on the landmarks of real pictures."""

import numpy as np
import pytest
from tests import needs
from tests.head_data import canonical_head

from visavis import assets
from visavis.arkit import INDEX, SHAPES
from visavis.head.fit import IDENTITY_BOUND, HeadFitter, Pose, bounded_ridge, turned
from visavis.landmarks.faces import Landmarker
from visavis.landmarks.networks import Networks
from visavis.landmarks.pictures import read_picture
from visavis.settings import load_settings


@pytest.fixture(scope="module")
def fitter() -> HeadFitter:
    return HeadFitter(canonical_head())


def seen(fitter: HeadFitter, identity: np.ndarray, weights: dict[str, float], pose: Pose) -> np.ndarray:
    cage = fitter.basis.cage(identity)
    for name, weight in weights.items():
        cage = cage + weight * fitter.head.shapes.field(name)
    return pose.project(fitter.at_landmarks(fitter.head.skin @ cage))


def test_projecting_and_back() -> None:
    pose = Pose(turned(np.array([0.1, -0.3, 0.05])), 1300.0, np.array([250.0, 240.0]))
    points = np.random.default_rng(0).normal(0, 0.05, (20, 3))
    camera = points @ pose.rotation.T
    assert np.allclose(pose.unproject(pose.project(points), camera[:, 2]), camera)


def test_angles_are_those_of_a_face_frame() -> None:
    from visavis.render.prepare import rotation

    for angles in ([0.3, 0.1, -0.2], [-0.6, -0.2, 0.1]):
        pose = Pose(rotation(*angles).astype(float), 1.0, np.zeros(2))
        assert np.allclose(pose.angles, angles, atol=1e-6)


@pytest.mark.parametrize("yaw", [0.0, 0.35])
def test_a_projected_head_is_found_again(fitter: HeadFitter, yaw: float) -> None:
    rng = np.random.default_rng(3)
    identity = rng.normal(0, 0.2, len(fitter.basis.names))
    pose = Pose(turned(np.array([0.08, yaw, 0.05])), 1250.0, np.array([260.0, 250.0]))
    points = seen(fitter, identity, {"jawOpen": 0.3, "browInnerUp": 0.4}, pose)
    fit = fitter.fit(points + rng.normal(0, 0.3, points.shape))
    assert fit.error_px < 1.0
    assert np.degrees(np.abs(fit.pose.angles - pose.angles)).max() < 4.0
    assert fit.weights[INDEX["jawOpen"]] > 0.12
    assert np.abs(fit.identity).max() <= IDENTITY_BOUND + 1e-9
    assert (fit.weights >= 0).all()


def test_a_known_person_is_followed(fitter: HeadFitter) -> None:
    identity = np.random.default_rng(5).normal(0, 0.2, len(fitter.basis.names))
    pose = Pose(np.eye(3), 1250.0, np.array([256.0, 256.0]))
    person = fitter.fit(seen(fitter, identity, {}, pose))
    before = None
    for step in range(8):
        wanted = {"jawOpen": 0.08 * step, "mouthPucker": 0.5, "eyeBlinkLeft": 0.9}
        turn = Pose(turned(np.array([0, 0.05 * step, 0])), 1250.0, np.array([256.0 + 2 * step, 256.0]))
        before = fitter.follow(seen(fitter, identity, wanted, turn), person, before)
    assert abs(before.weights[INDEX["jawOpen"]] - 0.56) < 0.15
    assert before.weights[INDEX["eyeBlinkLeft"]] > 0.6
    assert before.weights[INDEX["eyeBlinkRight"]] < 0.2
    assert before.weights[INDEX["mouthPucker"]] > 0.25
    assert abs(before.pose.angles[0] - 0.35) < 0.06


def test_weights_stay_in_bounds_and_are_the_best_there() -> None:
    rng = np.random.default_rng(0)
    system, wanted = rng.normal(size=(60, 12)), rng.normal(size=60)
    low, high = np.full(12, -0.05), np.full(12, 0.08)
    x = bounded_ridge(system, wanted, np.full(12, 0.3), low, high)
    assert (x >= low).all()
    assert (x <= high).all()
    cost = lambda v: ((system @ v - wanted) ** 2).sum() + (0.3 * v @ (0.3 * v))  # noqa: E731
    for _ in range(200):
        assert cost(np.clip(x + rng.normal(0, 0.01, 12), low, high)) >= cost(x) - 1e-9


@pytest.mark.parametrize(
    ("name", "yaw_degrees"),
    [("pd_astronaut.png", 0), ("art_bouguereau_girl.jpg", 0), ("art_monalisa.jpg", -20), ("art_pearl_earring.jpg", -40)],
)
def test_the_shared_pictures(fitter: HeadFitter, name: str, yaw_degrees: float) -> None:
    folder = assets.find("landmarks", load_settings().cache)
    if folder is None:
        needs.missing("assets", "the landmark models are not in the cache: visavis setup")
        raise AssertionError
    face = Landmarker(Networks(folder)).find(read_picture(needs.shared(f"photos/{name}")).rgb)[0]
    fit = fitter.fit(face.points)
    assert fit.error_px < 0.01 * face.height_px
    assert abs(np.degrees(fit.pose.angles[0]) - yaw_degrees) < 8
    if name == "pd_astronaut.png":
        assert fit.weights[INDEX["mouthSmileLeft"]] > 0.2
    assert len(fit.weights) == len(SHAPES)
