"""A picture of openings over time, as SVG: how a mouth heard compares with the mouth of the known phones."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Final

from visavis.types import F32, TICKS_HZ, PhoneCue

_PIXELS_A_SECOND: Final = 260
_HEIGHT: Final = 190
_TOP, _BASE, _LEFT = 34, 150, 12
_COLOURS: Final = ("#8a8f98", "#d9480f", "#1c7ed6")
_HIGHEST: Final = 0.55


def write_plot(
    path: Path, title: str, openings: Mapping[str, F32], phones: tuple[PhoneCue, ...], longest_s: float = 5.0
) -> None:
    """Write one line for each of `openings` (every 10 ms) and the phones below."""
    seconds = min(longest_s, max(len(values) for values in openings.values()) / 100)
    width = round(2 * _LEFT + seconds * _PIXELS_A_SECOND)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_HEIGHT}" font-family="sans-serif">',
        f'<rect width="{width}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="16" font-size="12" fill="#333">{escape(title)}</text>',
        f'<line x1="{_LEFT}" y1="{_BASE}" x2="{width - _LEFT}" y2="{_BASE}" stroke="#ccc"/>',
    ]
    for i, (name, values) in enumerate(openings.items()):
        points = " ".join(
            f"{_LEFT + (k / 100) * _PIXELS_A_SECOND:.1f},{_BASE - min(v, _HIGHEST) / _HIGHEST * (_BASE - _TOP):.1f}"
            for k, v in enumerate(values[: round(seconds * 100)].tolist())
        )
        colour = _COLOURS[i % len(_COLOURS)]
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{2.6 if i == 0 else 1.6}"/>')
        out.append(
            f'<text x="{width - _LEFT - 170 * (len(openings) - i)}" y="16" font-size="12" fill="{colour}">{escape(name)}</text>'
        )
    for cue in phones:
        start_s, end_s = cue.t_ticks / TICKS_HZ, cue.end_ticks / TICKS_HZ
        if cue.ipa and end_s < seconds:
            x = _LEFT + (start_s + end_s) / 2 * _PIXELS_A_SECOND
            weight = ' font-weight="bold"' if cue.ipa[0] in "pbm" else ""
            out.append(
                f'<text x="{x:.1f}" y="168" font-size="11" text-anchor="middle" fill="#333"{weight}>{escape(cue.ipa)}</text>'
            )
    part = path.with_name(path.name + ".part")
    part.write_text("\n".join([*out, "</svg>"]) + "\n", encoding="utf-8")
    part.replace(path)
