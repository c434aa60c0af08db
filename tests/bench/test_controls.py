"""A toy face whose faults are known: each is found, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from visavis.arkit import INDEX, SHAPES
from visavis.bench.controls import STEPS, measure_controls
from visavis.bench.face_map import FACE, find_face, mirrored, region_of
from visavis.types import Emotion, FaceFrame

SIDE = 192
EYE = 20.0
"""Half of the distance between the toy's eyes, in pixels."""


class ToyFace:
    """Each weight brightens a disc in the middle of where it belongs; irises are dark discs; the pose moves everything."""

    def __init__(self, *, dead: str = "", misplaced: str = "", fading: str = "", mirrored_yaw: bool = False) -> None:
        self.dead, self.misplaced, self.fading, self.mirrored_yaw = dead, misplaced, fading, mirrored_yaw

    def draw(self, face: FaceFrame) -> np.ndarray:
        yaw, pitch, roll = face.head_rotation
        x, y, z = face.head_translation
        yaw = -yaw if self.mirrored_yaw else yaw
        self._scale = EYE * 2 * (1 + 4 * z)
        self._middle = np.array([96 + 60 * yaw + 900 * x, 76 + 60 * pitch - 900 * y])
        self._turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
        self._luma = np.full((SIDE, SIDE), 90.0)
        for shape in SHAPES:
            self._disc(self._place(shape), 0.16, self._strength(shape, float(face.weights[INDEX[shape]])))
        for eye, u in enumerate((0.5, -0.5)):
            dx, dy = face.gaze[eye]
            self._disc((u + 0.3 * dx, 0.3 * dy), 0.09, -70.0)
        return np.clip(self._luma, 0, 255).astype(np.uint8)

    def _strength(self, shape: str, weight: float) -> float:
        if shape == self.dead:
            return 0.0
        return 60 * (weight if shape != self.fading or weight < 0.6 else 1.2 - weight)

    def _place(self, shape: str) -> tuple[float, float]:
        if shape == self.misplaced:
            return 0.0, 2.4
        if shape == "eyeBlinkLeft":
            return 0.5, 0.0
        if shape == "eyeBlinkRight":
            return -0.5, 0.0
        u0, u1, v0, v1 = region_of(shape)
        return (u0 + u1) / 2, (v0 + v1) / 2

    def _disc(self, at: tuple[float, float], radius: float, levels: float) -> None:
        if not levels:
            return
        px, py = self._middle + self._turn @ np.array(at) * self._scale
        y, x = np.mgrid[0:SIDE, 0:SIDE]
        self._luma += levels * (np.hypot(x - px, y - py) < radius * self._scale)


def emotional(emotion: Emotion, intensity: float) -> FaceFrame:
    weights = np.zeros(52, np.float32)
    weights[10 + list(Emotion).index(emotion)] = intensity
    return replace(FaceFrame.neutral(), weights=weights)


def test_a_sound_face_passes_whole() -> None:
    found = measure_controls(ToyFace().draw, emotional)
    assert found.failing == {}
    assert found.to_json()["working"] == found.to_json()["of"] == 52 + 6 + 4 + 6


@pytest.mark.parametrize(
    ("toy", "name", "says"),
    [
        (ToyFace(dead="cheekPuff"), "cheekPuff", "nothing visible"),
        (ToyFace(misplaced="browInnerUp"), "browInnerUp", "0% of the change"),
        (ToyFace(fading="jawOpen"), "jawOpen", "does not grow"),
        (ToyFace(mirrored_yaw=True), "head yaw", "wrong way"),
    ],
)
def test_each_fault_is_found_alone(toy: ToyFace, name: str, says: str) -> None:
    found = measure_controls(toy.draw, None)
    assert list(found.failing) == [name]
    assert says in found.failing[name]
    assert found.working == 61


def test_an_emotion_that_shows_nothing_is_found() -> None:
    found = measure_controls(
        ToyFace().draw, lambda emotion, intensity: emotional(emotion, 0.0 if emotion == "sad" else intensity)
    )
    assert list(found.failing) == ["emotion sad"]


def test_no_face_is_told() -> None:
    found = measure_controls(lambda face: np.zeros((64, 64), np.uint8), None)
    assert found.working == 0
    assert "face" in found.failing


def test_the_map_follows_the_pose() -> None:
    turned = replace(FaceFrame.neutral(), head_rotation=np.array([0.2, 0.1, 0.15], np.float32))
    here, there = find_face(ToyFace().draw, FaceFrame.neutral()), find_face(ToyFace().draw, turned)
    assert here is not None
    assert there is not None
    assert here.eye_distance == pytest.approx(2 * EYE, abs=1)
    assert there.tilt == pytest.approx(0.15, abs=0.03)
    assert there.centre[0] - here.centre[0] == pytest.approx(12, abs=4)


def test_regions_mirror() -> None:
    for shape in SHAPES:
        if shape.endswith("Left") and shape not in {"mouthLeft", "jawLeft"}:
            assert region_of(shape.removesuffix("Left") + "Right") == mirrored(region_of(shape)), shape
        u0, u1, v0, v1 = region_of(shape)
        assert FACE[0] <= u0 < u1 <= FACE[1]
        assert FACE[2] <= v0 < v1 <= FACE[3]
    assert STEPS[-1] == 1.0
