"""Rolling figures of a live session: the last few hundred of each, and their percentiles."""

from __future__ import annotations

from collections import deque


class Rolling:
    """The last `size` values of one figure."""

    def __init__(self, size: int = 300) -> None:
        self._values: deque[float] = deque(maxlen=size)

    def add(self, value: float) -> None:
        self._values.append(value)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def last(self) -> float | None:
        return self._values[-1] if self._values else None

    def mean(self) -> float | None:
        return sum(self._values) / len(self._values) if self._values else None

    def percentile(self, q: float) -> float | None:
        """Nearest-rank percentile, `q` from 0 to 100; None where nothing was measured."""
        if not self._values:
            return None
        ordered = sorted(self._values)
        return ordered[min(len(ordered) - 1, int(q / 100 * len(ordered)))]
