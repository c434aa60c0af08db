"""Figures of how a face lives: blinks, gaze and head, of any run of FaceFrames, ours or captured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from visavis.arkit import INDEX
from visavis.motion.channels import F64
from visavis.types import TICKS_HZ, FaceFrame

_RATE_HZ: Final = 120
_BASELINE_S: Final = 1.2
_BLINK_RISE: Final = 0.35
_LONGEST_BLINK_S: Final = 0.7
_AT_VIEWER_RAD: Final = 0.09
_SACCADE_RAD_PER_S: Final = 0.6


@dataclass(frozen=True, slots=True)
class Liveliness:
    """Each figure's unit is in its name; NaN where there was nothing to count."""

    duration_s: float
    blinks_per_min: float
    blink_interval_median_s: float
    blink_half_height_ms: float
    blink_down_ms: float
    blink_up_ms: float
    gaze_at_viewer_share: float
    saccades_per_min: float
    gaze_yaw_sd_deg: float
    gaze_pitch_sd_deg: float
    head_sd_deg: float
    head_speed_mean_deg_per_s: float

    def table(self, other: Liveliness, *, names: tuple[str, str]) -> str:
        """Both side by side, a line a figure."""
        rows = [f"{'':28}{names[0]:>14}{names[1]:>14}"]
        rows += [f"{f.name:28}{getattr(self, f.name):14.2f}{getattr(other, f.name):14.2f}" for f in fields(self)]
        return "\n".join(rows)


def liveliness(frames: Sequence[FaceFrame]) -> Liveliness:
    """Figures of at least two seconds of frames, resampled to 120 Hz. Gaze counts from its own median, which is the viewer."""
    assert len(frames) > 1, len(frames)
    times = np.array([frame.t_ticks for frame in frames]) / TICKS_HZ
    grid = np.arange(times[0], times[-1], 1 / _RATE_HZ)
    lids = np.array([frame.weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]].mean() for frame in frames])
    gaze = np.array([frame.gaze.mean(axis=0) + frame.head_rotation[:2] for frame in frames], np.float64)
    head = np.array([frame.head_rotation for frame in frames], np.float64)
    lid, gaze, head = np.interp(grid, times, lids), _on_grid(grid, times, gaze), _on_grid(grid, times, head)
    blinks = _blinks(lid)
    starts = np.array([peak for peak, *_ in blinks]) / _RATE_HZ
    away = gaze - np.median(gaze, axis=0)
    speed = np.linalg.norm(np.gradient(gaze, 1 / _RATE_HZ, axis=0), axis=1)
    fast = speed > _SACCADE_RAD_PER_S
    minutes = (grid[-1] - grid[0]) / 60
    shape_ms = np.array([b[1:] for b in blinks], np.float64).reshape(-1, 3) * 1000 / _RATE_HZ
    half_ms, down_ms, up_ms = np.median(shape_ms, axis=0) if len(blinks) else (np.nan,) * 3
    return Liveliness(
        duration_s=float(grid[-1] - grid[0]),
        blinks_per_min=len(blinks) / minutes,
        blink_interval_median_s=float(np.median(np.diff(starts))) if len(starts) > 1 else float("nan"),
        blink_half_height_ms=float(half_ms),
        blink_down_ms=float(down_ms),
        blink_up_ms=float(up_ms),
        gaze_at_viewer_share=float((np.linalg.norm(away, axis=1) < _AT_VIEWER_RAD).mean()),
        saccades_per_min=float(np.count_nonzero(fast[1:] & ~fast[:-1])) / minutes,
        gaze_yaw_sd_deg=float(np.degrees(gaze[:, 0].std())),
        gaze_pitch_sd_deg=float(np.degrees(gaze[:, 1].std())),
        head_sd_deg=float(np.degrees(np.sqrt(head.var(axis=0).sum()))),
        head_speed_mean_deg_per_s=float(np.degrees(np.linalg.norm(np.diff(head, axis=0), axis=1).mean() * _RATE_HZ)),
    )


def _on_grid(grid: F64, times: F64, values: F64) -> F64:
    return np.stack([np.interp(grid, times, column) for column in values.T], axis=1)


def _blinks(lid: F64) -> list[tuple[int, int, int, int]]:
    """Peaks of the lid over its own slow baseline: (peak, width at half height, time down, time up) in samples."""
    half = round(_BASELINE_S * _RATE_HZ / 2)
    padded = np.pad(lid, half, mode="edge")
    baseline = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)
    rise = lid - baseline[: len(lid)]
    found: list[tuple[int, int, int, int]] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (rise > _BLINK_RISE).astype(np.int8), [0]])))
    for begin, end in edges.reshape(-1, 2).tolist():
        if end - begin > _LONGEST_BLINK_S * _RATE_HZ:
            continue
        peak = begin + int(np.argmax(rise[begin:end]))
        height = rise[peak]
        low, high = 0.1 * height, 0.5 * height
        first, last = _until(rise, peak, -1, low), _until(rise, peak, 1, low)
        width = _until(rise, peak, 1, high) - _until(rise, peak, -1, high)
        found.append((peak, width, peak - first, last - peak))
    return found


def _until(rise: F64, at: int, step: int, below: float) -> int:
    while 0 < at < len(rise) - 1 and rise[at] > below:
        at += step
    return at
