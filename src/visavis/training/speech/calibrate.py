"""`visavis train speech calibrate`: at which outputs lips are taken for sealed and speech for there, on the data kept from learning.

The test recordings have no part in it. The chosen figures stand in `motion/voice_model.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.motion.channels import mouth_opening, seal_lips
from visavis.motion.mel import StreamLevel
from visavis.motion.phone_groups import CLASS_OF_GROUP, CLASSES
from visavis.motion.voice_layout import DELAY_FRAMES, OUTPUTS, PAIR, stacked
from visavis.motion.voice_model import heard_frames, session_of
from visavis.training.speech.batches import Frames
from visavis.training.speech.measures import Count, closure_precision, closure_recall
from visavis.training.speech.utterance import phone
from visavis.types import F32, PhoneCue

SEALS: Final = ((0.2, 0.5), (0.3, 0.5), (0.3, 0.6), (0.4, 0.6), (0.4, 0.7), (0.5, 0.7), (0.5, 0.8), (0.6, 0.8))
_LONGEST: Final = 12_000
"""Frames of each file: two minutes."""


def rows(weights: Path, data: Path) -> Iterator[tuple[str, tuple[float, float], Count, Count]]:
    """(file, thresholds of the seal, closure recall, closure precision) for each file of `data` that holds speech."""
    session = session_of(weights)
    for path in sorted(data.glob("*.npz")):
        if path.stem == "without_words":
            continue
        frames = Frames(path)
        kept = {name: values[frames.dev_from : frames.dev_from + _LONGEST] for name, values in frames.columns.items()}
        said = _said(session, kept["power"])
        truth = CLASS_OF_GROUP[kept["groups"].astype(int)][: len(said)]
        phones = tuple(_bilabials(kept["groups"]))
        for seal in SEALS:
            opening = _openings(said, seal)
            yield path.stem, seal, closure_recall(opening, phones), closure_precision(opening, phones, truth)


def _said(session: Any, power_db: npt.NDArray[np.generic]) -> F32:
    """The network's outputs for frames of power, moved to the frames they are about."""
    power = np.power(10.0, power_db[: len(power_db) // PAIR * PAIR].astype(np.float32) / 10.0)
    inputs = stacked(StreamLevel().features(power[None]))
    state = np.zeros(session.get_inputs()[1].shape, np.float32)
    said, _ = session.run(None, {"stacked": inputs, "state": state})
    return np.asarray(said[0].reshape(-1, OUTPUTS)[DELAY_FRAMES:], np.float32)


def _openings(said: F32, seal: tuple[float, float]) -> F32:
    out = np.empty(len(said), np.float32)
    for i, mouth in enumerate(heard_frames(said, 0, 0, seal=seal).mouths):
        weights = mouth[:-2].astype(np.float64)
        seal_lips(weights, float(mouth[-2]))
        out[i] = mouth_opening(weights)
    return out


def _bilabials(groups: npt.NDArray[np.generic]) -> Iterator[PhoneCue]:
    """A phone for each run of frames of the class PP."""
    closed = np.concatenate([[False], CLASS_OF_GROUP[groups.astype(int)] == CLASSES.index("PP"), [False]])
    for start, end in np.flatnonzero(closed[1:] != closed[:-1]).reshape(-1, 2):
        yield phone((start + 1) / 100, (end + 1) / 100, "b")
