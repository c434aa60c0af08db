"""From a trained state to an avatar: splats in order of importance, bases quantised, the set taken from the capture."""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.arkit import COUNT
from visavis.engines.gaussian.avatar import GaussianAvatar, quantised
from visavis.engines.gaussian.training.start import HEAD
from visavis.engines.gaussian.training.trainer import Trainer
from visavis.splats.cloud import sigmoid

BACKGROUND: Final = ((150.0, 158.0, 166.0), (62.0, 70.0, 82.0))
SEEN_MARGIN: Final = 0.05


def finished(trainer: Trainer) -> GaussianAvatar:
    """The person as the engine takes them. Splats that fill nothing in any view are left out."""
    state = trainer.state
    weight = trainer.importance()
    order = np.argsort(-weight, kind="stable")
    order = order[weight[order] > 0]
    n = len(state)
    values = state.values
    turns = values["turns"] / np.maximum(np.linalg.norm(values["turns"], axis=1, keepdims=True), 1e-12)
    rows = np.flatnonzero(state.layers == HEAD).astype(np.int32) if len(trainer.mix) else np.zeros(0, np.int32)
    bases, scales = quantised(state.bases[rows][:, : len(trainer.mix)])
    seen = np.stack([trainer.capture.faces[m].weights for m in sorted({v.timestep for v in trainer.capture.views["train"]})])
    ranges = np.stack([seen.min(0) - SEEN_MARGIN, seen.max(0) + SEEN_MARGIN], 1).astype(np.float32)
    assert ranges.shape == (COUNT, 2)
    look_at, distance, half = framing(trainer)
    avatar = GaussianAvatar(
        driver=trainer.driver, parents=state.parents, layers=state.layers, places=values["places"], turns=turns,
        log_scales=values["log_scales"], opacities=sigmoid(values["logits"][:, 0]), colours=values["colours"],
        sh=values["sh"].reshape(n, 3, 3), rows=rows, bases=bases, base_scales=scales, mix=trainer.mix, mean=trainer.mean, ranges=ranges,
        look_at=look_at, background=np.array(BACKGROUND, np.float32), distance_m=distance, half_height_m=half,
    )  # fmt: skip
    return avatar.taken(order)


def framing(trainer: Trainer) -> tuple[np.typing.NDArray[np.float32], float, float]:
    """Where the picture looks, from how far, and half its height there: as the capture's most frontal camera does."""
    frontal = max((v.camera for v in trainer.capture.views["train"]), key=lambda c: float(c.rotation[2, 2]))
    distance = float(np.hypot(frontal.position[0], frontal.position[2]))
    half = distance * frontal.height / 2 / frontal.fy
    middle = frontal.position + (frontal.cy - frontal.height / 2) / frontal.fy * distance * frontal.rotation[1]
    return np.array([0, middle[1], 0], np.float32), distance, half
