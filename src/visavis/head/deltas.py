"""Named displacement fields over one set of vertices, kept sparse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visavis.errors import BadInput
from visavis.types import F32


@dataclass(frozen=True, slots=True, eq=False)
class Deltas:
    """k fields over `count` vertices: field i owns entries offsets[i] to offsets[i + 1].

    offsets int64 [k + 1] · indices int32 [n], ascending within a field · values float32 [n, 3] metres at weight 1
    """

    names: tuple[str, ...]
    count: int
    offsets: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    values: F32

    @staticmethod
    def pack(names: Sequence[str], dense: Sequence[npt.NDArray[np.float64]], count: int, threshold_m: float) -> Deltas:
        """Dense fields [count, 3], keeping what moves further than a threshold in metres."""
        kept = [np.flatnonzero(np.abs(field).max(1) > threshold_m) for field in dense]
        offsets = np.cumsum([0, *(len(rows) for rows in kept)]).astype(np.int64)
        values = [field[rows] for field, rows in zip(dense, kept, strict=True)] or [np.zeros((0, 3))]
        indices = np.concatenate(kept) if kept else np.zeros(0)
        return Deltas(tuple(names), count, offsets, indices.astype(np.int32), np.concatenate(values).astype(np.float32))

    def field(self, name: str) -> npt.NDArray[np.float64]:
        """One field, dense [count, 3] metres. Raises BadInput for an unknown name."""
        if name not in self.names:
            raise BadInput(f"The head has no target called {name!r}.", mend="See `CanonicalHead.identity.names`.")
        i = self.names.index(name)
        part = slice(self.offsets[i], self.offsets[i + 1])
        out = np.zeros((self.count, 3))
        out[self.indices[part]] = self.values[part]
        return out

    def blend(self, weights: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """The weighted sum of named fields, [count, 3] metres."""
        out = np.zeros((self.count, 3))
        for name, weight in weights.items():
            out += weight * self.field(name)
        return out
