"""Writes the measured table into README.md from what `visavis bench --json` wrote: `python scripts/readme_table.py FILE [FILE …]`.

Of several files the last that measured a figure of a row counts: drift takes ten minutes and may come from a run of its own, and so
may each engine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- bench:begin -->\n", "<!-- bench:end -->"
FIGURES = (
    ("fps", "frames a second, drawing alone, one caller", "{:.0f}"),
    ("frame_ms", "FaceFrame to finished picture", "{} ms"),
    ("core_ms_per_frame", "CPU time of a frame, drawing and encoding", "{:.1f} ms"),
    ("core_ms_draw", "… drawing alone", "{:.1f} ms"),
    ("audio_to_frame_ms", "speech pushed to its frame finished, phonemes known", "{} ms"),
    ("create_s", "a picture or description handed over to its avatar usable", "{:.1f} s"),
    ("realism", "PSNR and SSIM against truth where truth exists", "{}"),
    ("first_frame_ms", "session asked for to first frame at the viewer, warm", "{:.0f} ms"),
    ("response_ms", "typed text to first sound at the viewer", "{} ms"),
    ("turn_ms", "end of the user's speech to first sound at the viewer", "{} ms"),
    ("glass_ms", "frame finished to frame decoded at the viewer", "{} ms"),
    ("interrupt_ms", "interrupt to silence and a closed mouth at the viewer", "{} ms"),
    ("av_offset_ms", "picture against sound, decoded", "{} ms"),
    ("av_drift_ms_per_h", "drift of that offset", "{:+.1f} ms an hour"),
    ("sessions", "conversations at once at 25 fps", "{}"),
    ("controls", "controls that visibly and rightly change the picture", "{}"),
    ("cores", "cores for one session", "{:.2f}"),
    ("memory_mb", "memory for one session", "{:.0f} MB"),
    ("kbps", "network for one session", "{:.0f} kbit/s"),
)


def main(*sources: str) -> None:
    runs = [json.loads(Path(source).read_text()) for source in sources]
    rows = _merged([row for run in runs for row in run["rows"]])
    machine = runs[-1]["machine"]
    lines = ["| figure | " + " | ".join(f"`{row['engine']}` ({row['avatar']}, {row['size']}²)" for row in rows) + " |"]
    lines.append("|---|" + "---|" * len(rows))
    for name, words, form in FIGURES:
        cells = [_cell(row.get(name), form) for row in rows]
        lines.append(f"| `{name}`: {words} | " + " | ".join(cells) + " |")
    about = f"{machine['cpu']}, {machine['cores']} cores, no GPU, load {machine['load_average_1min']} before the start"
    text = README.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    README.write_text(f"{head}{BEGIN}{chr(10).join(lines)}\n\nMeasured by `visavis bench` on: {about}.\n{END}{tail}")


def _merged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each engine, avatar and size, in the order in which they were first measured."""
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        known = {key: value for key, value in row.items() if value is not None}
        merged.setdefault((row["engine"], row["avatar"], row["size"]), {}).update(known)
    return list(merged.values())


def _cell(value: Any, form: str) -> str:
    if value is None:
        return ""
    if isinstance(value, dict) and "p50" in value:
        return form.format(f"{value['p50']:.0f} (p95 {value['p95']:.0f})")
    if isinstance(value, dict) and "psnr" in value:
        return "" if value["psnr"] is None else f"{value['psnr']:.1f} dB, {value['ssim']:.3f}"
    if isinstance(value, dict):
        return f"{value['working']} of {value['of']}"
    return form.format(value)


if __name__ == "__main__":
    main(*sys.argv[1:])
