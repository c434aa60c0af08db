"""The state of a training: every splat's values with Adam's running means, and how splats are born and die."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.engines.gaussian.training.kernels import adam, running_square
from visavis.engines.gaussian.training.start import Start
from visavis.splats.cloud import matrices_of
from visavis.splats.differentiable import Values
from visavis.types import F32

STEPPED: Final = ("places", "turns", "log_scales", "logits", "colours", "sh")
RATES: Final = {"places": 4e-5, "turns": 0.01, "log_scales": 0.012, "logits": 0.03, "colours": 0.01, "sh": 0.0025}
"""Of Adam; places in metres."""
BASE_RATES: Final = np.array([4e-3, 2e-3, 1.5e-3], np.float32)
"""Of the bases: places in the parents' size, turns in radians, colours."""
KEEP: Final = np.float32(0.9998)
FIRST_LOGIT: Final = 1.0
DEAD_OPACITY: Final = 0.02
GROWTH: Final = 0.2
"""At most so much more at a time."""
SPLIT_APART, SPLIT_SHRINK = 0.6, 0.62
MOST_RATIO: Final = 1.8
"""Natural logarithm of how much longer than its middle axis a splat may get: needles look well from one side only."""
MOST_SIZE_M, LEAST_SIZE_M = 0.012, 1.2e-4
MOST_OFFSET_M: Final = 0.012


@dataclass(eq=False)
class State:
    """n splats (see `start.Start`); sh float32 [n, 9] three harmonics of three colours; bases float32 [n, k, 9]; sizes float32 [n]
    metres of a splat's parent at rest; first, second: Adam's means by name; square: running squares of the bases' gradients.
    """

    iteration: int
    parents: npt.NDArray[np.int32]
    layers: npt.NDArray[np.uint8]
    sizes: F32
    values: dict[str, F32]
    bases: F32
    first: dict[str, F32]
    second: dict[str, F32]
    square: dict[str, F32]
    pulled: F32
    drawn: F32

    def __len__(self) -> int:
        return len(self.parents)

    @staticmethod
    def of(start: Start, sizes: F32, bases: int) -> State:
        n = len(start.parents)
        values = {"places": start.places, "turns": start.turns, "log_scales": start.log_scales,
                  "logits": np.full((n, 1), FIRST_LOGIT), "colours": start.colours, "sh": np.zeros((n, 9))}  # fmt: skip
        cast = {k: np.ascontiguousarray(v, np.float32) for k, v in values.items()}
        zeros = {k: np.zeros_like(v) for k, v in cast.items()}
        square = {k: np.zeros((n, 3), np.float32) for k in ("places", "small", "colours")}
        return State(0, start.parents, start.layers, sizes, cast, np.zeros((n, bases, 9), np.float32), zeros,
                     {k: v.copy() for k, v in zeros.items()}, square, np.zeros(n, np.float32), np.zeros(n, np.float32))  # fmt: skip

    def step(self, gradient: dict[str, F32], decay: float) -> None:
        """One step of Adam on everything but the bases, and the bounds that keep splats in shape."""
        self.iteration += 1
        n = np.float32(self.iteration)
        for name in STEPPED:
            rates = np.full(len(self), RATES[name] * decay, np.float32)
            if name == "places":
                rates /= np.clip(self.sizes, 3e-4, None)
            adam(self.values[name], gradient[name], self.first[name], self.second[name], rates, n)
        for name in self.square:
            running_square(self.square[name], gradient[name], n)
        if self.iteration % 10 == 0:
            self._keep_in_shape()

    def _keep_in_shape(self) -> None:
        log_sizes = np.log(self.sizes)[:, None]
        scales = self.values["log_scales"]
        middle = np.sort(scales, axis=1)[:, 1:2]
        np.minimum(scales, middle + MOST_RATIO, out=scales)
        np.clip(scales, np.log(LEAST_SIZE_M) - log_sizes, np.log(MOST_SIZE_M) - log_sizes, out=scales)
        offset = np.linalg.norm(self.values["places"], axis=1, keepdims=True) * self.sizes[:, None]
        self.values["places"] *= np.minimum(
            1, MOST_OFFSET_M * np.maximum(1, self.sizes[:, None] / 0.01) / np.maximum(offset, 1e-9)
        )

    def note(self, pull: F32, order: npt.NDArray[np.int32]) -> None:
        """Remember how hard the places of what was drawn are pulled."""
        self.pulled += pull
        self.drawn[order] += 1

    def renew(self, most: int) -> tuple[int, int]:
        """Splats that are clear or were never drawn die; the hardest pulled are split along their longest axis, up to `most` in all.

        Children keep their parent in the driver. Returns how many were born and how many died.
        """
        opacity = 1 / (1 + np.exp(-self.values["logits"][:, 0]))
        dead = (opacity < DEAD_OPACITY) | (self.drawn == 0)
        kept = np.flatnonzero(~dead)
        room = min(most - len(kept), max(int(GROWTH * len(kept)), 1))
        pull = self.pulled[kept] / np.maximum(self.drawn[kept], 1)
        chosen = kept[np.argsort(-pull, kind="stable")[: max(room, 0)]]
        away = self._halve(chosen)
        rows = np.concatenate([kept, chosen])
        born = np.arange(len(kept), len(rows))
        self.parents, self.layers, self.sizes = self.parents[rows], self.layers[rows], self.sizes[rows]
        self.bases = self.bases[rows]
        for table in (self.values, self.first, self.second, self.square):
            for name in table:
                table[name] = np.ascontiguousarray(table[name][rows])
        self.values["places"][born] += away
        for table in (self.first, self.second):
            for name in table:
                table[name][born] = 0
        self.pulled, self.drawn = np.zeros(len(rows), np.float32), np.zeros(len(rows), np.float32)
        return len(chosen), int(dead.sum())

    def _halve(self, chosen: npt.NDArray[np.intp]) -> F32:
        """Shrink and move the chosen by half a split; returns what their twins stand from them."""
        scales, turns = self.values["log_scales"], self.values["turns"]
        axis = scales[chosen].argmax(1)
        unit = turns[chosen] / np.maximum(np.linalg.norm(turns[chosen], axis=1, keepdims=True), 1e-12)
        along = matrices_of(unit)[np.arange(len(chosen)), :, axis]
        offset = (along * SPLIT_APART * np.exp(scales[chosen, axis])[:, None]).astype(np.float32)
        scales[chosen, axis] += np.float32(np.log(SPLIT_SHRINK))
        self.values["places"][chosen] -= offset
        return np.asarray(2 * offset, np.float32)

    def save(self, path: Path, **more: Any) -> None:
        """Whole or not at all; `more` are further arrays."""
        arrays: dict[str, Any] = {"iteration": np.int64(self.iteration), "parents": self.parents, "layers": self.layers,
                                  "sizes": self.sizes, "bases": self.bases, "pulled": self.pulled, "drawn": self.drawn}  # fmt: skip
        for table in ("values", "first", "second", "square"):
            arrays |= {f"{table}.{k}": v for k, v in getattr(self, table).items()}
        partial = path.with_name(f".{path.name}.part")
        with partial.open("wb") as stream:
            np.savez(stream, **arrays, **more)
        os.replace(partial, path)

    @staticmethod
    def load(path: Path) -> tuple[State, dict[str, npt.NDArray[Any]]]:
        """What `save` wrote, and the further arrays."""
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        tables: dict[str, dict[str, Any]] = {"values": {}, "first": {}, "second": {}, "square": {}}
        for name in list(arrays):
            table, dot, key = name.partition(".")
            if dot and table in tables:
                tables[table][key] = arrays.pop(name)
        own: dict[str, Any] = {name: arrays.pop(name) for name in ("parents", "layers", "sizes", "bases", "pulled", "drawn")}
        return State(int(arrays.pop("iteration")), **{**own, **tables}), arrays


def values_of(state: State, places: F32, small: F32, colours: F32) -> Values:
    """What is drawn in one view."""
    v = state.values
    return Values(places, v["turns"], small, v["log_scales"], v["logits"][:, 0], colours)
