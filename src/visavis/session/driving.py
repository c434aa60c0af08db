"""An avatar driven by somebody's own face: pictures in, FaceFrames out, from a video file or as they come.

Landmarks by the MediaPipe networks; weights by bounded ridge regression on the canonical head fitted to the person; gaze from
the irises against the fitted eyeballs. Everything but lips and jaw is smoothed: those must not come late.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from visavis.arkit import COUNT, INDEX, SHAPES
from visavis.errors import BadInput, NotFound, TooLarge, Unavailable
from visavis.head.canonical import load_head
from visavis.head.eyes import Eyes, fit_eyes
from visavis.head.fit import DISTANCE_M, F64, INNER_LIPS, MOVING, HeadFit, HeadFitter, Pose, Priors
from visavis.head.gaze import LOOK_PITCH_RAD, LOOK_YAW_RAD
from visavis.head.one_euro import OneEuro
from visavis.landmarks.faces import LEFT_EYE, RIGHT_EYE, Face, Landmarker
from visavis.landmarks.networks import load_networks
from visavis.motion.look import PIVOT_M
from visavis.motion.performers import Performer
from visavis.types import F32, TICKS_HZ, U8, FaceFrame, ticks_from_s

MAX_SECONDS: Final = 15 * 60
MAX_SIDE: Final = 1280
"""Larger pictures are reduced: a face needs no more."""
LEARN_FROM: Final = 8
"""Pictures that the person's shape is learnt from."""
LEARN_EVERY: Final = 15
"""Live, so many pictures apart."""
LATE_S: Final = 0.1
REST_SHARE: Final = 10
"""The percentile of each weight over a video that is taken for the face at rest."""
MOST_REST: Final = 0.35
_SPREADS: Final = {
    "jawOpen": 0.6, "jawForward": 0.1, "jaw": 0.2, "mouthSmile": 0.6, "mouthPucker": 0.5, "mouthFunnel": 0.4, "mouthFrown": 0.35,
    "mouthUpperUp": 0.25, "mouthLowerDown": 0.25, "mouthLeft": 0.35, "mouthRight": 0.35, "mouthStretch": 0.2, "mouthClose": 0.15,
    "mouthRoll": 0.15, "mouthPress": 0.12, "mouthShrug": 0.08, "mouthDimple": 0.12, "eyeBlink": 0.8, "eyeWide": 0.35,
    "eyeSquint": 0.25, "cheek": 0.15, "nose": 0.15, "browInnerUp": 0.8, "browOuterUp": 0.7, "browDown": 0.5,
}  # fmt: skip
"""How much a shape is expected to move; the rare ones must not take from the common ones what looks alike. Found on renders."""
_BROWS: Final = (46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336)
_LIDS: Final = (33, 246, 161, 160, 159, 158, 157, 173, 133, 7, 163, 144, 145, 153, 154, 155,
                263, 466, 388, 387, 386, 385, 384, 398, 362, 249, 390, 373, 374, 380, 381, 382)  # fmt: skip
_LIPS: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
_CHIN_M: Final = 0.006
_PRIOR: Final = 14.0
_MOST_SHIFT_M: Final = 0.12
_MOST_GAZE_RAD: Final = np.array([0.6, 0.45])
_STEADY: Final = np.array([not name.startswith(("jaw", "mouth", "tongue")) for name in SHAPES])
_LOOKS: Final = [[INDEX[f"eyeLook{way}{side}"] for way in ("Out", "In", "Down", "Up")] for side in ("Left", "Right")]


def reading_priors(fitter: HeadFitter) -> Priors:
    """Spreads as above; the few landmarks of brows, lids and inner lips count more, and the many of the chin less, which cannot
    tell an opened jaw from a lowered head.
    """
    spread = [next(v for prefix, v in _SPREADS.items() if name.startswith(prefix)) for name in MOVING]
    emphasis = np.where(fitter.reach_m("jawOpen") > _CHIN_M, 0.7, 1.0)
    emphasis[list(_LIPS)] = 1.0
    emphasis[list(INNER_LIPS)] = emphasis[list(_LIDS)] = 1.5
    emphasis[list(_BROWS)] = 2.5
    return Priors(np.array(spread), emphasis, _PRIOR)


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Whose face it is: the fitted head, its eyeballs, and where the head was: centre [2] px and scale of the pose then."""

    fit: HeadFit
    eyes: Eyes


class FaceReader:
    """FaceFrames from one person's landmarks, in order of time. One thread at a time."""

    def __init__(self, fitter: HeadFitter) -> None:
        self._fitter = fitter
        self._priors = reading_priors(fitter)
        self._person: Person | None = None
        self._fits: list[HeadFit] = []
        self._count = 0
        self._before: HeadFit | None = None
        self._steady = OneEuro(min_cutoff_hz=1.8, beta=3.0)
        self._pose = OneEuro(min_cutoff_hz=2.5, beta=8.0)

    def learn(self, faces: Sequence[Face]) -> None:
        """Who this is, from several pictures of them, before any is read."""
        for face in faces:
            self._add(face)
        self._count = LEARN_FROM * LEARN_EVERY

    def read(self, face: Face, t_ticks: int) -> FaceFrame:
        """The face in the next picture. Unless it was told before, the person is learnt from the first pictures that come."""
        if self._person is None or (self._count < LEARN_FROM * LEARN_EVERY and self._count % LEARN_EVERY == 0):
            self._add(face)
        self._count += 1
        person = self._person
        assert person is not None
        rounds = 3 if self._before is not None else 12
        fit = self._fitter.follow(face.points, person.fit, self._before, rounds=rounds, priors=self._priors)
        self._before = fit
        return self._smoothed(fit, person, face.irises, t_ticks)

    def forget_pose(self) -> None:
        """The face was lost: the next one may be anywhere."""
        self._before = None

    def _add(self, face: Face) -> None:
        self._fits.append(self._fitter.fit(face.points))
        calm = min(self._fits, key=lambda fit: float(fit.weights.sum()))
        fit = replace(calm, identity=np.median([fit.identity for fit in self._fits], axis=0))
        self._person = Person(fit, fit_eyes(self._fitter.head, self._fitter.basis.cage(fit.identity)))

    def _smoothed(self, fit: HeadFit, person: Person, irises: F32, t_ticks: int) -> FaceFrame:
        t_s = t_ticks / TICKS_HZ
        shift = _shift(fit.pose, person.fit.pose)
        pose = self._pose.at(t_s, np.concatenate([fit.pose.angles, np.clip(shift, -_MOST_SHIFT_M, _MOST_SHIFT_M) * 5.0]))
        gaze = np.clip(_gaze(fit, person.eyes, irises), -_MOST_GAZE_RAD, _MOST_GAZE_RAD)
        steady = self._steady.at(t_s, np.concatenate([fit.weights[_STEADY], gaze]))
        weights = fit.weights.copy()
        weights[_STEADY] = steady[:-2]
        both = np.tile(steady[-2:], (2, 1))
        _say_looks(weights, steady[-2:])
        f32 = np.float32
        return FaceFrame(
            t_ticks,
            np.clip(weights, 0.0, 1.0).astype(f32),
            pose[:3].astype(f32),
            (pose[3:] / 5.0).astype(f32),
            both.astype(f32),
        )


def _shift(pose: Pose, home: Pose) -> F64:
    """How far the head has moved [3] metres beside its turning, since it was at `home`."""
    moved = np.array([
        (pose.centre[0] - home.centre[0]) / pose.scale, (home.centre[1] - pose.centre[1]) / pose.scale,
        DISTANCE_M * (1.0 - home.scale / pose.scale),
    ])  # fmt: skip
    turned: F64 = (home.rotation - pose.rotation) @ PIVOT_M
    return moved - turned


def _gaze(fit: HeadFit, eyes: Eyes, irises: F32) -> F64:
    """Yaw and pitch [2] of the eyes together, relative to the head, from where the irises are before the eyeballs."""
    pose = fit.pose
    centres = eyes.centres @ pose.rotation.T
    angles = []
    for centre, radius, iris, corners in zip(
        centres, eyes.radii, irises[:, 0].astype(float), (LEFT_EYE, RIGHT_EYE), strict=True
    ):
        beside = fit.residual_px[list(corners)].mean(0) * (
            0.0,
            1.0,
        )  # the lids are not at quite the height of the fitted head's
        off = pose.unproject(iris - beside, centre[2] + radius)[:2] - centre[:2]
        reach = float(np.hypot(*off))
        off *= min(1.0, 0.9 * radius / max(reach, 1e-9))
        towards = np.array([*off, np.sqrt(max(radius**2 - off @ off, 1e-9))]) @ pose.rotation
        angles.append([np.arctan2(towards[0], towards[2]), np.arctan2(-towards[1], np.hypot(towards[0], towards[2]))])
    return np.asarray(np.mean(angles, axis=0))


def _say_looks(weights: F64, gaze: F64) -> None:
    """The gaze once more as eyeLook weights, as a capture has it."""
    for (out, inwards, down, up), side in zip(_LOOKS, (1.0, -1.0), strict=True):
        outward, downward = side * gaze[0] / LOOK_YAW_RAD, gaze[1] / LOOK_PITCH_RAD
        weights[[out, inwards, down, up]] = max(outward, 0.0), max(-outward, 0.0), max(downward, 0.0), max(-downward, 0.0)


class FaceTracker:
    """The largest face of a moving picture, followed from one to the next and found again when it is lost."""

    def __init__(self, landmarker: Landmarker) -> None:
        self._landmarker = landmarker
        self._face: Face | None = None

    def track(self, rgb: U8) -> Face | None:
        """uint8 [h, w, 3]; None where nobody is seen."""
        if self._face is not None:
            self._face = self._landmarker.follow(rgb, self._face)
        if self._face is None:
            found = self._landmarker.find(rgb, crops=0)
            self._face = found[0] if found else None
        return self._face


def load_reading(cache: Path) -> tuple[FaceTracker, FaceReader]:
    """Tracker and reader with the installed models. Raises Unavailable where those cannot be had."""
    return FaceTracker(Landmarker(load_networks(cache))), FaceReader(HeadFitter(load_head(cache)))


def faces_of_video(path: Path, cache: Path, progress: Callable[[float], None]) -> list[FaceFrame]:
    """FaceFrames at the times of a video's pictures, the first at media time 0; rest is zero, and lost stretches are left out.

    Raises NotFound, TooLarge, or BadInput where it is no video or nobody is seen in it.
    """
    tracker, reader = load_reading(cache)
    seen: list[tuple[int, Face]] = []
    for t_ticks, part, rgb in _pictures(path):
        face = tracker.track(rgb)
        if face is not None:
            seen.append((t_ticks, face))
        progress(0.8 * part)
    if not seen:
        raise BadInput(f"No face was found in {path.name}.", mend="Take a video in which a face looks roughly at the camera.")
    reader.learn([seen[i][1] for i in np.linspace(0, len(seen) - 1, min(LEARN_FROM, len(seen))).astype(int)])
    faces = []
    for index, (t_ticks, face) in enumerate(seen):
        if index and t_ticks - seen[index - 1][0] > TICKS_HZ // 2:
            reader.forget_pose()
        faces.append(reader.read(face, t_ticks))
        progress(0.8 + 0.2 * (index + 1) / len(seen))
    faces = [_at_rest(faces).apply(face) for face in faces]
    return faces if faces[0].t_ticks == 0 else [replace(faces[0], t_ticks=0), *faces]


def live_faces(source: str, cache: Path) -> Iterator[FaceFrame]:
    """FaceFrames as they are seen, by a camera (`source` is its number) or in a video played at its own pace.

    Media time counts from the first picture. Raises NotFound, BadInput, Unavailable where the camera cannot be opened.
    """
    tracker, reader = load_reading(cache)
    seen = False
    for t_ticks, rgb in _camera(int(source)) if source.isdecimal() else _played(Path(source)):
        face = tracker.track(rgb)
        if face is None:
            reader.forget_pose()
            continue
        seen = True
        yield reader.read(face, t_ticks)
    if not seen:
        raise BadInput(f"No face was found in {source}.", mend="Look roughly at the camera, in light from the front.")


def _played(path: Path) -> Iterator[tuple[int, U8]]:
    """A video's pictures when their time has come; those that are late are left out."""
    begun_s = time.monotonic()
    for t_ticks, _, rgb in _pictures(path):
        ahead_s = begun_s + t_ticks / TICKS_HZ - time.monotonic()
        if ahead_s > 0.0:
            time.sleep(ahead_s)
        if ahead_s > -LATE_S:
            yield t_ticks, rgb


def _camera(number: int) -> Iterator[tuple[int, U8]]:
    import cv2

    camera = cv2.VideoCapture(number)
    try:
        begun_s = time.monotonic()
        while True:
            there, bgr = camera.read()
            if not there:
                raise Unavailable(f"Camera {number} gives no picture.", mend="Check its number, and that nobody else has it.")
            yield ticks_from_s(time.monotonic() - begun_s), np.ascontiguousarray(bgr[..., ::-1])
    finally:
        camera.release()


def _at_rest(faces: Sequence[FaceFrame]) -> Performer:
    """What of each weight never goes away, and where the head usually is."""
    if len(faces) < 30:
        return Performer()
    rest = np.percentile([face.weights for face in faces], REST_SHARE, axis=0)
    rest[[i for i, name in enumerate(SHAPES) if name.startswith("eyeLook")]] = 0.0
    assert rest.shape == (COUNT,)
    return Performer(np.minimum(rest, MOST_REST).astype(np.float32))


def _pictures(path: Path) -> Iterator[tuple[int, float, U8]]:
    """Media time, how far through the file it is (0 to 1), and uint8 [h, w, 3] of each picture."""
    import av

    if not path.is_file():
        raise NotFound(f"{path} is not there.", mend="Give the path of a video.")
    mend = "Take an MP4, MOV, MKV or WebM file."
    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            if not container.streams.video:
                raise BadInput(f"{path.name} holds no picture.", mend=mend)
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            length_s = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
            first_s: float | None = None
            last_ticks = -1
            for frame in container.decode(stream):
                if frame.time is None:
                    continue
                first_s = frame.time if first_s is None else first_s
                t_ticks = ticks_from_s(frame.time - first_s)
                if t_ticks > MAX_SECONDS * TICKS_HZ:
                    raise TooLarge(f"{path.name} is longer than {MAX_SECONDS // 60} minutes.", mend="Cut it into parts.")
                if t_ticks <= last_ticks:
                    continue
                last_ticks = t_ticks
                yield t_ticks, min(1.0, t_ticks / TICKS_HZ / length_s) if length_s else 0.0, _upright(frame)
            if first_s is None:
                raise BadInput(f"{path.name} holds no picture.", mend=mend)
    except av.FFmpegError as error:
        raise BadInput(f"{path.name} is not a readable video: {error.strerror}.", mend=mend) from None


def _upright(frame: object) -> U8:
    """uint8 [h, w, 3], reduced to `MAX_SIDE`, turned as the phone was held."""
    import av

    assert isinstance(frame, av.VideoFrame)
    scale = min(1.0, MAX_SIDE / max(frame.width, frame.height))
    size = (max(2, round(frame.width * scale)), max(2, round(frame.height * scale)))
    rgb = np.asarray(frame.to_ndarray(format="rgb24", width=size[0], height=size[1]), np.uint8)
    turns = round(getattr(frame, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(rgb, turns)) if turns else rgb
