"""The identity space as a fitter wants it: an average face and independent directions, left and right together and apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.head import lips
from visavis.head.canonical import CanonicalHead
from visavis.head.eyes import fit_eyes

F64 = npt.NDArray[np.float64]

RACES: Final = ("caucasian", "african", "asian")
SEXES: Final = ("male", "female")
REGIONS: Final = ("head", "forehead", "eyebrows", "eyes", "nose", "mouth", "cheek", "chin")
OPPOSITES: Final = (
    ("-incr", "-decr"), ("-up", "-down"), ("-out", "-in"), ("-forward", "-backward"), ("-convex", "-concave"),
    ("-uncompress", "-compress"),
)  # fmt: skip
LEFT_OUT: Final = ("eye-push", "head-trans", "head-back", "head-age", "head-angle")
"""What a picture of a face does not tell, or another direction tells better."""
SIGMA: Final = 0.45
USUAL_M: Final = 0.012
"""A direction that moves the head by this much at weight 1 has the spread `SIGMA`; a stronger one less."""


@dataclass(frozen=True, slots=True, eq=False)
class IdentityBasis:
    """base [c, 3] metres: the average cage, lips sealed, origin between the eyes · directions [k, c, 3] · sigma [k] their spread."""

    names: tuple[str, ...]
    base: F64
    directions: F64
    sigma: F64

    def cage(self, weights: F64) -> F64:
        """The neutral cage [c, 3] of an identity, weights [k]."""
        return np.asarray(self.base + np.tensordot(weights, self.directions, 1))


def identity_basis(head: CanonicalHead) -> IdentityBasis:
    """Every direction that landmarks can tell something about."""

    def whole(race: str, sex: str, age: str) -> F64:
        universal = f"macrodetails/universal-{sex}-{age}-averagemuscle-averageweight"
        return head.identity.field(f"macrodetails/{race}-{sex}-{age}") + head.identity.field(universal)

    young = {(race, sex): whole(race, sex, "young") for race in RACES for sex in SEXES}
    mean = sum(young.values(), np.zeros_like(head.cage, np.float64)) / len(young)
    old = sum((whole(race, sex, "old") for race in RACES for sex in SEXES), np.zeros_like(mean)) / len(young)
    fields: dict[str, F64] = {f"race-{race}": (young[race, "male"] + young[race, "female"]) / 2 - mean for race in RACES}
    fields["female"] = sum((young[r, "female"] - young[r, "male"] for r in RACES), np.zeros_like(mean)) / 6
    fields["old"] = old - mean
    for sort in ("max", "min"):
        names = [f"macrodetails/universal-{s}-young-averagemuscle-{sort}weight" for s in SEXES]
        average = [f"macrodetails/universal-{s}-young-averagemuscle-averageweight" for s in SEXES]
        change = [head.identity.field(a) - head.identity.field(b) for a, b in zip(names, average, strict=True)]
        fields[f"{sort}weight"] = (change[0] + change[1]) / 2
    fields |= dict(_details(head))
    base = lips.seal(head, head.cage + mean)
    base -= fit_eyes(head, base).middle
    eyes = np.concatenate([head.groups["left_eye"], head.groups["right_eye"]])
    stacked = np.array(list(fields.values()))
    stacked -= stacked[:, eyes].mean(1)[:, None]
    skin = np.unique(head.cage_quads)
    strength = np.sqrt((stacked[:, skin] ** 2).sum(2)).max(1) + 1e-9
    return IdentityBasis(tuple(fields), base, stacked, SIGMA * np.clip(USUAL_M / strength, 0.3, 1.5))


def _details(head: CanonicalHead) -> Iterator[tuple[str, F64]]:
    """One direction for each pair of opposite targets; what has two sides gives one for both together and one for the difference."""
    names = [n for n in head.identity.names if n.partition("/")[0] in REGIONS and not any(w in n for w in LEFT_OUT)]
    for name in names:
        short = name.partition("/")[2]
        if short.startswith("r-") or any(name.endswith(b) and name.removesuffix(b) + a in names for a, b in OPPOSITES):
            continue
        field = _signed(head, name, names)
        if short.startswith("l-"):
            other = _signed(head, name.replace("/l-", "/r-"), names)
            yield name.replace("/l-", "/"), field + other
            yield name.replace("/l-", "/uneven-"), (field - other) / 2
        else:
            yield name, field


def _signed(head: CanonicalHead, name: str, names: list[str]) -> F64:
    field = head.identity.field(name)
    for a, b in OPPOSITES:
        opposite = name.removesuffix(a) + b
        if name.endswith(a) and opposite in names:
            return np.asarray((field - head.identity.field(opposite)) / 2)
    return field
