"""Faces of the shared pictures: found, counted, followed, and the same from whichever size or turn they come."""

import cv2
import numpy as np
import pytest
from tests import needs

from visavis.errors import BadInput
from visavis.landmarks.faces import LEFT_LOWER, LEFT_UPPER, RIGHT_LOWER, RIGHT_UPPER, Landmarker, choose_face
from visavis.landmarks.networks import Networks
from visavis.landmarks.outline import person_mask, sharpen_mask
from visavis.landmarks.pictures import read_picture
from visavis.types import U8

PICTURES = ("pd_astronaut.png", "art_bouguereau_girl.jpg", "art_monalisa.jpg", "art_pearl_earring.jpg")


def picture(name: str) -> U8:
    return read_picture(needs.shared(f"photos/{name}")).rgb


@pytest.mark.parametrize("name", PICTURES)
def test_one_face_each(landmarker: Landmarker, name: str) -> None:
    faces = landmarker.find(picture(name))
    assert len(faces) == 1
    points, irises = faces[0].points, faces[0].irises
    assert points.shape == (468, 3)
    assert irises.shape == (2, 5, 2)
    assert faces[0].presence > 0.9
    assert points[10, 1] < points[4, 1] < points[152, 1]  # forehead, nose, chin
    for eye, (upper, lower) in enumerate(((LEFT_UPPER, LEFT_LOWER), (RIGHT_UPPER, RIGHT_LOWER))):
        assert points[lower[4], 1] > points[upper[4], 1]
        assert points[list(upper), 0].min() < irises[eye, 0, 0] < points[list(upper), 0].max()


def test_size_and_turn_do_not_matter(landmarker: Landmarker) -> None:
    rgb = picture("art_monalisa.jpg")
    face = landmarker.find(rgb)[0]
    for scale, degrees in ((0.4, 0.0), (1.0, 20.0)):
        matrix = cv2.getRotationMatrix2D((360, 400), degrees, scale)
        moved = cv2.warpAffine(rgb, matrix, (720, 900), flags=cv2.INTER_AREA)
        want = face.points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        found = landmarker.find(moved)[0].points[:, :2]
        apart = np.linalg.norm(found - want, axis=1)
        assert np.median(apart) < 0.02 * face.height_px * scale


def test_several_faces_largest_first(landmarker: Landmarker) -> None:
    large, small = picture("art_bouguereau_girl.jpg")[60:460, 180:580], picture("pd_astronaut.png")[:300, 60:360]
    both = np.full((400, 760, 3), 90, np.uint8)
    both[:, :400], both[100:350, 460:710] = large, cv2.resize(small, (250, 250), interpolation=cv2.INTER_AREA)
    faces = landmarker.find(both)
    assert len(faces) == 2
    assert faces[0].area_px >= faces[1].area_px
    assert choose_face(faces, None, "a") is faces[0]
    assert choose_face(faces, 2, "a") is faces[1]
    with pytest.raises(BadInput, match="2 faces, not 3"):
        choose_face(faces, 3, "a")


def test_a_small_face_in_a_large_picture(landmarker: Landmarker) -> None:
    wide = np.full((1400, 2400, 3), 120, np.uint8)
    wide[900:1156, 300:556] = cv2.resize(picture("pd_astronaut.png")[:300, 60:360], (256, 256), interpolation=cv2.INTER_AREA)
    faces = landmarker.find(wide)
    assert len(faces) == 1
    assert 300 < faces[0].points[4, 0] < 556


def test_no_face_is_said_in_one_line(landmarker: Landmarker) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    for rgb in (noise, np.zeros((64, 64, 3), np.uint8), np.zeros((64, 3000, 3), np.uint8)):
        with pytest.raises(BadInput, match="No face was found in a"):
            choose_face(landmarker.find(rgb), None, "a.png")


def test_following_a_moving_face(landmarker: Landmarker) -> None:
    rgb = picture("pd_astronaut.png")
    face = landmarker.find(rgb)[0]
    start = face.points[:, :2].mean(0)
    for step in range(1, 6):
        frame = np.roll(rgb, (3 * step, 5 * step), (0, 1))
        followed = landmarker.follow(frame, face)
        assert followed is not None
        face = followed
    assert np.abs(face.points[:, :2].mean(0) - start - [25, 15]).max() < 2
    assert landmarker.follow(np.zeros_like(rgb), face) is None


def test_the_mask_is_the_person(networks: Networks) -> None:
    rgb = picture("pd_astronaut.png")
    mask = sharpen_mask(person_mask(networks, rgb), rgb)
    assert mask.shape == (512, 512)
    assert mask.dtype == np.float32
    assert mask[110, 225] > 0.95
    assert mask[60, 60] < 0.05
    assert mask[400, 200] > 0.95
