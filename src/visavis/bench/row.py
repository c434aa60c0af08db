"""One engine's row: every figure of the table, null where it was not measured."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from visavis.bench.statistics import Slope, Spread


@dataclass
class Row:
    """Filled by the measuring modules; their docstrings say what each figure means. Milliseconds unless the name says else."""

    engine: str
    avatar: str
    size: int
    fps: float | None = None
    frame_ms: Spread | None = None
    core_ms_per_frame: float | None = None
    core_ms_draw: float | None = None
    core_ms_encode: float | None = None
    audio_to_frame_ms: Spread | None = None
    first_frame_ms: float | None = None
    cold_start_s: float | None = None
    create_s: float | None = None
    response_ms: Spread | None = None
    turn_ms: Spread | None = None
    glass_ms: Spread | None = None
    interrupt_ms: Spread | None = None
    av_offset_ms: Spread | None = None
    av_arrival_ms: Spread | None = None
    av_drift_ms_per_h: Slope | None = None
    sessions: int | None = None
    controls: dict[str, Any] | None = None
    realism: dict[str, float] | None = None
    cores: float | None = None
    memory_mb: float | None = None
    kbps: float | None = None
    notes: list[str] = field(default_factory=list)
    """What a reader must know to read the figures: what was left out and why, what ran beside."""

    @property
    def drawn_by(self) -> str:
        """The engine; its row's name may also say which way it was measured, as `rig (livekit)` does."""
        return self.engine.partition(" ")[0]

    def to_json(self) -> dict[str, Any]:
        """As `visavis bench --json` writes it."""
        out = asdict(self)
        out["realism"] = self.realism or {"psnr": None, "ssim": None}
        drift = self.av_drift_ms_per_h
        out["av_drift_ms_per_h"] = drift.value if drift else None
        out["av_drift_interval_ms_per_h"] = [drift.low, drift.high] if drift else None
        return {key: _rounded(value) for key, value in out.items()}

    @staticmethod
    def from_json(data: dict[str, Any]) -> Row:
        """The row as it was written; for advice from a file of an earlier run."""
        known = {key: value for key, value in data.items() if key in Row.__dataclass_fields__}
        for name in ("frame_ms", "audio_to_frame_ms", "response_ms", "turn_ms", "glass_ms", "interrupt_ms", "av_offset_ms",
                     "av_arrival_ms"):  # fmt: skip
            if known.get(name):
                known[name] = Spread(**known[name])
        drift, interval = data.get("av_drift_ms_per_h"), data.get("av_drift_interval_ms_per_h")
        known["av_drift_ms_per_h"] = Slope(drift, *interval) if drift is not None and interval else None
        if (known.get("realism") or {}).get("psnr") is None:
            known["realism"] = None
        return Row(**known)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return value
