"""`visavis train speech data`: utterances become frames, a file for each source, in a folder of their own.

A file holds, for all its utterances one after the other: `power` float16 [t, 40] decibels, `groups` uint8, `mouth` uint8 [t, 12],
`seal`, `presence` uint8 (0 to 255), `accent` uint8, `kind` uint8; and `ends` int64, where each utterance ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.motion.mel import FLOOR_DB, mel_power
from visavis.motion.voice_layout import KINDS
from visavis.training.speech.augment import varied
from visavis.training.speech.espeak import training_lines
from visavis.training.speech.festival import festival_lines, flite_lines
from visavis.training.speech.noises import without_words
from visavis.training.speech.recordings import understood_prompts
from visavis.training.speech.targets import targets_of
from visavis.training.speech.utterance import Utterance

Report = Callable[[str, float], None]
HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Source:
    """Where utterances come from, and how many varied copies of each are made besides the plain one."""

    name: str
    utterances: Callable[[int, float], Iterable[Utterance]]
    hours: float
    copies: int


SOURCES: Final = (
    Source("espeak", training_lines, 6.0, 1),
    Source("flite", flite_lines, 0.75, 2),
    Source("festival", festival_lines, 0.7, 2),
    Source("prompts", lambda seed, seconds: understood_prompts("en_US_f_Allison"), 0.4, 4),
    Source("without_words", without_words, 1.05, 1),
)


def make(source: Source, folder: Path, seed: int, scale: float, report: Report) -> Path:
    """The source's file in `folder`; one that is there already is left as it is."""
    path = folder / f"{source.name}.npz"
    if path.exists():
        return path
    random = np.random.default_rng([seed, sum(source.name.encode())])
    rows: dict[str, list[npt.NDArray[np.generic]]] = {}
    ends: list[int] = []
    seconds = source.hours * HOUR_S * scale
    done_s = 0.0
    for utterance in source.utterances(seed, seconds):
        done_s += len(utterance.sound) / 16_000
        report(f"{source.name}: {done_s / 60:.0f} minutes", done_s / seconds)
        for version in _versions(utterance, source.copies, random):
            frames = _frames(version)
            for key, values in frames.items():
                rows.setdefault(key, []).append(values)
            ends.append((ends[-1] if ends else 0) + len(frames["groups"]))
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    columns: dict[str, Any] = {key: np.concatenate(parts) for key, parts in rows.items()}
    np.savez(part, ends=np.array(ends, np.int64), **columns)
    part.replace(path)
    return path


def _versions(utterance: Utterance, copies: int, random: np.random.Generator) -> Iterator[Utterance]:
    yield utterance
    for _ in range(copies if utterance.kind in {"speech", "laughter"} else 0):
        yield varied(utterance, random)


def _frames(utterance: Utterance) -> dict[str, npt.NDArray[np.generic]]:
    targets = targets_of(utterance)
    power_db = 10.0 * np.log10(np.maximum(mel_power(utterance.sound), 10.0 ** (FLOOR_DB / 10.0)))
    kind = np.full(len(targets.groups), KINDS.index(utterance.kind), np.uint8)
    quiet = power_db.mean(axis=1) < power_db.mean(axis=1).max() - 45.0
    kind[(targets.presence < 0.02) & (quiet | (utterance.kind in {"speech", "laughter"}))] = KINDS.index("quiet")
    return {
        "power": power_db.astype(np.float16), "groups": targets.groups, "accent": targets.accent, "kind": kind,
        "mouth": np.round(np.clip(targets.mouth, 0.0, 1.0) * 255.0).astype(np.uint8),
        "seal": np.round(targets.seal * 255.0).astype(np.uint8), "presence": np.round(targets.presence * 255.0).astype(np.uint8),
    }  # fmt: skip
