"""Stretches of the data as the network learns them, each time with other noise, another gain, another microphone and throat.

Sounds are mixed as power in the mel bands, which is what mixed sound has on average.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.errors import NotFound
from visavis.motion.mel import BANDS, StreamLevel
from visavis.motion.phone_groups import SILENCE
from visavis.motion.voice_layout import DELAY_FRAMES, KINDS, PAIR, stacked
from visavis.training.speech.targets import IGNORED
from visavis.types import F32

FRAMES: Final = 400
SHARES: Final[Mapping[str, float]] = {"espeak": 0.28, "flite": 0.17, "festival": 0.17, "prompts": 0.23, "without_words": 0.15}
"""How much of a batch comes from where; what is missing is made up for by the rest."""
LAST_SHARES: Final[Mapping[str, float]] = {
    "espeak": 0.20,
    "flite": 0.18,
    "festival": 0.18,
    "prompts": 0.32,
    "without_words": 0.12,
}
"""At last more of people, and less that disturbs them."""
_NOISE, _LAST_NOISE = 0.55, 0.30
"""Share of stretches that other sound is mixed into."""
DEV_SHARE: Final = 0.05
"""The last part of each file is kept from learning, to see how it goes."""
_KINDS_OF_NOISE: Final = (KINDS.index("breath"), KINDS.index("noise"))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Inputs float32 [n, steps, 246]; targets by name [n, steps, 2, ...], already as late as the network is."""

    stacked: F32
    targets: dict[str, npt.NDArray[np.generic]]


class Frames:
    """One file of `data.make`."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as data:
            self.columns = {name: data[name] for name in ("power", "groups", "mouth", "seal", "presence", "accent", "kind")}
        self.count = len(self.columns["groups"])
        self.dev_from = int(self.count * (1.0 - DEV_SHARE))

    def stretch(self, at: int) -> dict[str, npt.NDArray[np.generic]]:
        return {name: values[at : at + FRAMES] for name, values in self.columns.items()}


class Mixer:
    """Draws batches. The same seed and the same files give the same batches."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._files = {name: Frames(folder / f"{name}.npz") for name in SHARES if (folder / f"{name}.npz").exists()}
        if not self._files:
            raise NotFound(f"{folder} holds no training data.", mend="Make it first: visavis train speech data")
        self._seed = seed

    def batch(self, number: int, size: int, *, last: bool = False) -> Batch:
        """`last`: of the last part of learning."""
        random = np.random.default_rng([self._seed, number])
        shares = np.array([(LAST_SHARES if last else SHARES)[name] for name in self._files])
        names = random.choice(list(self._files), size, p=shares / shares.sum())
        rows = [self._draw(str(name), random) for name in names]
        return _batch([self._altered(row, random, _LAST_NOISE if last else _NOISE) for row in rows])

    def dev(self, name: str, size: int) -> Batch:
        """Unaltered stretches of what is kept from learning."""
        frames = self._files[name]
        starts = np.linspace(min(frames.dev_from, frames.count - FRAMES), frames.count - FRAMES, size).astype(int)
        return _batch([frames.stretch(int(at)) for at in starts])

    @property
    def names(self) -> list[str]:
        return list(self._files)

    def _draw(self, name: str, random: np.random.Generator) -> dict[str, npt.NDArray[np.generic]]:
        frames = self._files[name]
        return frames.stretch(int(random.integers(0, frames.dev_from - FRAMES)))

    def _altered(
        self, row: dict[str, npt.NDArray[np.generic]], random: np.random.Generator, noise: float
    ) -> dict[str, npt.NDArray[np.generic]]:
        power_db = row["power"].astype(np.float32)
        if random.random() < 0.5:
            power_db = _other_throat(power_db, random)
        power_db = power_db + _microphone(random)
        if random.random() < noise:
            power_db = self._with_noise(power_db, random)
        if random.random() < 0.07:
            power_db[:, : _band(random, 2, 6)] -= 35.0
            power_db[:, _band(random, 26, 31) :] -= 35.0
        return {**row, "power": power_db + random.uniform(-22.0, 8.0)}

    def _with_noise(self, power_db: F32, random: np.random.Generator) -> F32:
        if random.random() < 0.3:
            names = [name for name in self._files if name != "without_words"]
            other = (
                np.logaddexp.reduce(
                    [self._draw(str(random.choice(names)), random)["power"].astype(np.float32) / 4.343 for _ in range(4)]
                )
                * 4.343
            )
            snr_db = random.uniform(8.0, 30.0)
        else:
            row = self._draw("without_words", random)
            other = row["power"].astype(np.float32)
            other = other + np.where(np.isin(row["kind"], _KINDS_OF_NOISE), 0.0, -60.0)[:, None]
            snr_db = random.uniform(2.0, 32.0)
        other = other + (_loudest(power_db) - _loudest(other) - snr_db)
        return np.asarray(4.343 * np.logaddexp(power_db / 4.343, other / 4.343), np.float32)


def _loudest(power_db: F32) -> float:
    """The level that a tenth of the frames surpass."""
    return float(np.percentile(power_db.mean(axis=1), 90))


def _band(random: np.random.Generator, low: int, high: int) -> int:
    return int(random.integers(low, high))


def _microphone(random: np.random.Generator) -> F32:
    """A smooth curve over the bands, decibels."""
    knots = random.normal(0.0, 4.0, 5)
    return np.interp(np.linspace(0, 4, BANDS), np.arange(5), knots).astype(np.float32)


def _other_throat(power_db: F32, random: np.random.Generator) -> F32:
    """The bands moved up or down by as much as a longer or shorter vocal tract does."""
    where = np.clip(np.arange(BANDS) * random.uniform(0.9, 1.1) + random.uniform(-0.5, 0.5), 0, BANDS - 1.001)
    low = where.astype(int)
    part = (where - low).astype(np.float32)
    return np.asarray(power_db[:, low] * (1.0 - part) + power_db[:, low + 1] * part, np.float32)


def _batch(rows: list[dict[str, npt.NDArray[np.generic]]]) -> Batch:
    power = np.power(10.0, np.stack([row["power"] for row in rows]).astype(np.float32) / 10.0, dtype=np.float32)
    inputs = stacked(StreamLevel(len(rows)).features(power))
    targets = {name: np.stack([row[name] for row in rows]) for name in rows[0] if name != "power"}
    return Batch(inputs, {name: _late(values, IGNORED if name == "groups" else 0) for name, values in targets.items()})


def _late(values: npt.NDArray[np.generic], first: int) -> npt.NDArray[np.generic]:
    """Targets [n, frames, ...] moved `DELAY_FRAMES` later and put in pairs."""
    out = np.full_like(values, first)
    out[:, DELAY_FRAMES:] = values[:, :-DELAY_FRAMES]
    return out.reshape(out.shape[0], out.shape[1] // PAIR, PAIR, *out.shape[2:])


assert SILENCE == 0
