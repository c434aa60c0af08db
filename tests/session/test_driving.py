"""Faces read from pictures: of our own heads, whose weights are known, and of the shared photographs."""

from __future__ import annotations

import time
from pathlib import Path

import av
import numpy as np
import pytest
from tests import needs
from tests.head_data import canonical_head

from visavis import assets
from visavis.arkit import COUNT, INDEX
from visavis.errors import BadInput, NotFound
from visavis.head.fit import HeadFitter
from visavis.head.one_euro import OneEuro
from visavis.landmarks.faces import Landmarker
from visavis.landmarks.networks import Networks
from visavis.landmarks.pictures import read_picture
from visavis.session.driving import FaceReader, FaceTracker, faces_of_video, live_faces
from visavis.settings import load_settings
from visavis.types import TICKS_HZ, FaceFrame

FPS, COUNT_OF_PICTURES, SIZE = 30, 75, 384
GROUPS = {
    "jaw": ("jawOpen",), "smile": ("mouthSmileLeft", "mouthSmileRight"), "blink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "brows": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
}  # fmt: skip


@pytest.fixture(scope="module")
def fitter() -> HeadFitter:
    return HeadFitter(canonical_head())


@pytest.fixture(scope="module")
def landmarker() -> Landmarker:
    folder = assets.find("landmarks", load_settings().cache)
    if folder is None:
        needs.missing("assets", "the landmark models are not in the cache: visavis setup")
    return Landmarker(Networks(Path(str(folder))))


def performance() -> list[FaceFrame]:
    """Jaw, smile, blinks, brows, head and gaze, each going its own way."""
    random = np.random.default_rng(11)

    def wander(low: float, high: float, step: int) -> np.ndarray:
        knots = random.uniform(low, high, COUNT_OF_PICTURES // step + 3)
        return np.interp(np.arange(COUNT_OF_PICTURES) / step, np.arange(len(knots)), knots)

    weights = np.zeros((COUNT_OF_PICTURES, COUNT))
    for names, low, high, step in zip(
        GROUPS.values(), (-0.3, -0.4, -1.2, -0.5), (0.8, 1.0, 1.2, 1.0), (6, 6, 4, 6), strict=True
    ):
        weights[:, [INDEX[name] for name in names]] = np.clip(wander(low, high, step), 0, 1)[:, None]
    head = np.stack([wander(-s, s, 12) for s in (0.3, 0.15, 0.12)], 1)
    gaze = np.stack([wander(-s, s, 8) for s in (0.3, 0.15)], 1)
    return [
        FaceFrame(i * TICKS_HZ // FPS, w, h, np.zeros(3, np.float32), np.tile(g, (2, 1)))
        for i, (w, h, g) in enumerate(zip(*(a.astype(np.float32) for a in (weights, head, gaze)), strict=True))
    ]


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[FaceFrame]]:
    """Nova's performance as a video, and what she truly did."""
    from visavis.session.faces import InstalledFaces
    from visavis.transports.mp4 import Mp4Writer

    settings, truth = load_settings(), performance()
    canonical_head()
    faces = InstalledFaces(settings.home, settings.cache)
    engine = faces.engine(faces.avatar("nova"), "rig", SIZE)
    path = tmp_path_factory.mktemp("drive") / "nova.mp4"
    with Mp4Writer(path, width=SIZE, height=SIZE, fps=FPS, rate_hz=24_000) as writer:
        for face in truth:
            writer.write_video(engine.draw(face))
    engine.close()
    return path, truth


def likeness(read: list[FaceFrame], truth: list[FaceFrame]) -> dict[str, float]:
    """Correlation of what was read with what was done, for each group of shapes."""
    seen, done = (np.array([face.weights for face in faces]) for faces in (read, truth))
    return {
        group: float(np.corrcoef(*(v[:, [INDEX[n] for n in names]].sum(1) for v in (seen, done)))[0, 1])
        for group, names in GROUPS.items()
    }


def test_what_our_own_head_did_is_read_from_its_video(filmed: tuple[Path, list[FaceFrame]]) -> None:
    path, truth = filmed
    read = faces_of_video(path, load_settings().cache, lambda part: None)
    assert [face.t_ticks for face in read] == [face.t_ticks for face in truth]
    found = likeness(read, truth)
    assert min(found.values()) > 0.9, found
    for axis, least in ((0, 0.97), (1, 0.93), (2, 0.95)):
        turned = [np.array([face.head_rotation[axis] for face in faces]) for faces in (read, truth)]
        assert np.corrcoef(*turned)[0, 1] > least, axis
    looked = [np.array([face.gaze[0, 0] for face in faces]) for faces in (read, truth)]
    assert np.corrcoef(*looked)[0, 1] > 0.7
    assert all(face.weights.min() >= 0.0 and face.weights.max() <= 1.0 for face in read)


@pytest.mark.parametrize(
    ("name", "smiles"),
    [
        ("pd_astronaut.png", True),
        ("art_monalisa.jpg", False),
        ("art_pearl_earring.jpg", False),
        ("art_bouguereau_girl.jpg", False),
    ],
)
def test_neutral_and_smile_are_read_as_such(landmarker: Landmarker, fitter: HeadFitter, name: str, smiles: bool) -> None:
    rgb = read_picture(needs.shared(f"photos/{name}")).rgb
    face = FaceTracker(landmarker).track(rgb)
    assert face is not None
    read = FaceReader(fitter).read(face, 0)
    smile = float(read.weights[[INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]].mean())
    assert smile > 0.35 if smiles else smile < 0.15
    assert read.weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]].max() < 0.2


def test_lips_and_jaw_do_not_come_late(landmarker: Landmarker, fitter: HeadFitter) -> None:
    face = FaceTracker(landmarker).track(read_picture(needs.shared("photos/art_monalisa.jpg")).rgb)
    assert face is not None
    reader = FaceReader(fitter)
    reader.learn([face])
    first = reader.read(face, 0)
    again = [reader.read(face, i * TICKS_HZ // 30) for i in range(1, 4)]
    mouth = [index for name, index in INDEX.items() if name.startswith(("mouth", "jaw"))]
    np.testing.assert_allclose(again[-1].weights[mouth], first.weights[mouth], atol=0.08)


def write_video(path: Path, pictures: np.ndarray) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.height, stream.width = pictures.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_a_video_is_read_live_at_its_own_pace(filmed: tuple[Path, list[FaceFrame]], landmarker: Landmarker) -> None:
    begun_s = time.monotonic()
    read = list(live_faces(str(filmed[0]), load_settings().cache))
    assert time.monotonic() - begun_s > COUNT_OF_PICTURES / FPS - 0.1
    assert len(read) > 5
    truth = {face.t_ticks: face for face in filmed[1]}
    found = likeness(read, [truth[face.t_ticks] for face in read])
    assert min(found["jaw"], found["blink"]) > 0.6, found  # a busy machine reads few of the pictures


def test_no_face_is_a_clear_message(tmp_path: Path, landmarker: Landmarker) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (10, 128, 128, 3), np.uint8)
    with pytest.raises(BadInput, match=r"No face was found in noise\.mp4"):
        faces_of_video(write_video(tmp_path / "noise.mp4", noise), load_settings().cache, lambda part: None)


@pytest.mark.parametrize(
    "content", [b"", b"not a video", b"\0\0\0\x18ftypmp42" + b"\0" * 500, b"RIFF\xff\xff\xff\xffAVI " + b"\1" * 99]
)
def test_what_is_no_video_is_a_clear_message(content: bytes, tmp_path: Path, landmarker: Landmarker) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"bad\.mp4") as caught:
        faces_of_video(path, load_settings().cache, lambda part: None)
    assert "\n" not in str(caught.value)


def test_a_video_cut_short_is_read_as_far_as_it_goes_or_refused(
    tmp_path: Path, filmed: tuple[Path, list[FaceFrame]], landmarker: Landmarker
) -> None:
    data = filmed[0].read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) // 2])
    try:
        read = faces_of_video(path, load_settings().cache, lambda part: None)
    except BadInput as error:
        assert str(error).startswith("cut.mp4")  # noqa: PT017
    else:
        assert 0 < len(read) < COUNT_OF_PICTURES


def test_a_video_that_is_not_there() -> None:
    with pytest.raises(NotFound, match=r"gone\.mp4"):
        faces_of_video(Path("gone.mp4"), load_settings().cache, lambda part: None)


def test_the_one_euro_filter_is_still_when_still_and_quick_when_quick() -> None:
    noise = np.random.default_rng(1).normal(0, 0.02, 300)
    still = OneEuro(min_cutoff_hz=1.5, beta=3.0)
    out = np.array([still.at(i / 60, np.array([value]))[0] for i, value in enumerate(noise)])
    assert out[60:].std() < 0.4 * noise.std()
    quick = OneEuro(min_cutoff_hz=1.5, beta=3.0)
    step = np.array([quick.at(i / 60, np.array([float(i >= 30)]))[0] for i in range(60)])
    assert step[36] > 0.8
    assert step[29] == 0.0
