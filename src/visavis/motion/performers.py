"""Calibration of a performer: what their face does at rest is taken away, and what is weak in them is raised."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from visavis.arkit import COUNT, INDEX, SHAPES
from visavis.errors import BadInput
from visavis.motion.channels import F64
from visavis.motion.look import head_matrix
from visavis.types import F32, FaceFrame

MAX_BYTES: Final = 65_536
MOST_NEUTRAL: Final = 0.6
"""More of a shape than this is no resting face, and only so much is taken away."""
LEAST_FACES: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class Performer:
    """neutral float32 [52] at rest · head float32 [3] yaw, pitch, roll of looking straight ahead · gaze float32 [2, 2] then

    gains ARKit shapes (a side left off stands for both) and what their weights are multiplied with, the neutral taken away.
    """

    neutral: F32 = field(default_factory=lambda: np.zeros(COUNT, np.float32))
    head: F32 = field(default_factory=lambda: np.zeros(3, np.float32))
    gaze: F32 = field(default_factory=lambda: np.zeros((2, 2), np.float32))
    gains: Mapping[str, float] = field(default_factory=dict)

    @staticmethod
    def at_rest(faces: Sequence[FaceFrame], gains: Mapping[str, float] | None = None) -> Performer:
        """From a second or so of a neutral face that looks straight ahead: medians, so that a blink does no harm."""
        if len(faces) < LEAST_FACES:
            raise BadInput(
                f"{len(faces)} faces came; {LEAST_FACES} are needed.",
                mend="Look at the camera with a neutral face a little longer.",
            )
        neutral = np.median([face.weights for face in faces], axis=0)
        neutral[[i for i, name in enumerate(SHAPES) if name.startswith("eyeLook")]] = 0.0  # gaze says it
        return Performer(
            np.minimum(neutral, MOST_NEUTRAL).astype(np.float32),
            np.median([face.head_rotation for face in faces], axis=0).astype(np.float32),
            np.median([face.gaze for face in faces], axis=0).astype(np.float32),
            dict(gains or {}),
        )

    def apply(self, face: FaceFrame) -> FaceFrame:
        """The face as if their rest were zero everywhere and 1 still 1."""
        weights = np.maximum(face.weights - self.neutral, 0.0) / (1.0 - self.neutral)
        weights = np.clip(weights * self._gain_vector(), 0.0, 1.0).astype(np.float32)
        straight, seen = (head_matrix(*map(float, angles)) for angles in (self.head, face.head_rotation))
        return FaceFrame(
            face.t_ticks, weights, _angles(straight.T @ seen), face.head_translation, face.gaze - self.gaze, face.generation
        )

    def _gain_vector(self) -> F64:
        out = np.ones(COUNT)
        for name, gain in self.gains.items():
            for side in (name, name + "Left", name + "Right"):
                if side in INDEX:
                    out[INDEX[side]] = gain
        return out


def performer_path(home: Path, subject: str) -> Path:
    """Where a subject's calibration is kept."""
    safe = "".join(letter if letter.isalnum() or letter in "-_ " else "_" for letter in subject)
    return home / "performers" / f"{safe[:64]}.json"


def load_performer(home: Path, subject: str) -> Performer:
    """The subject's calibration; one that changes nothing where there is none. Raises BadInput where the file is damaged."""
    path = performer_path(home, subject)
    if not path.is_file():
        return Performer()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it is too large")
        return _parsed(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = str(error).splitlines()[0][:120]
        raise BadInput(f"{path} is no calibration: {reason}.", mend="Calibrate again, or remove the file.") from None


def save_performer(home: Path, subject: str, performer: Performer) -> Path:
    path = performer_path(home, subject)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {
        "neutral": {name: round(float(value), 6) for name, value in zip(SHAPES, performer.neutral, strict=True) if value},
        "head": [round(float(angle), 6) for angle in performer.head],
        "gaze": [round(float(angle), 6) for angle in performer.gaze.ravel()],
        "gains": dict(performer.gains),
    }
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)
    return path


def _parsed(data: Any) -> Performer:
    known = {"neutral", "head", "gaze", "gains"}
    if not isinstance(data, dict) or set(data) - known:
        raise ValueError(f"its keys are {', '.join(sorted(known))}")
    neutral = np.zeros(COUNT, np.float32)
    for name, value in data.get("neutral", {}).items():
        if name not in INDEX:
            raise ValueError(f"{name!r} is not an ARKit shape")
        neutral[INDEX[name]] = _number(value, 0.0, MOST_NEUTRAL)
    gains = {name: _number(value, 0.0, 10.0) for name, value in data.get("gains", {}).items()}
    for name in gains:
        if not {name, name + "Left", name + "Right"} & set(INDEX):
            raise ValueError(f"{name!r} is not an ARKit shape")
    angles = [_number(v, -np.pi, np.pi) for v in [*data.get("head", [0.0] * 3), *data.get("gaze", [0.0] * 4)]]
    if len(angles) != 7:
        raise ValueError("head has 3 angles and gaze 4")
    return Performer(neutral, np.array(angles[:3], np.float32), np.array(angles[3:], np.float32).reshape(2, 2), gains)


def _number(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{value!r} is not between {low:g} and {high:g}")
    return float(value)


def _angles(rotation: F64) -> F32:
    yaw, pitch = np.arctan2(rotation[0, 2], rotation[2, 2]), np.arcsin(np.clip(-rotation[1, 2], -1.0, 1.0))
    return np.array([yaw, pitch, np.arctan2(rotation[1, 0], rotation[1, 1])], np.float32)
