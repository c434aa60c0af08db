"""The side-by-side table: the columns that people compare these approaches by, then every figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from visavis.bench.row import Row
from visavis.bench.statistics import Slope, Spread
from visavis.bench.subject import Facts, Subject

NONE: Final = "–"
COLUMNS: Final = ("latency", "realism", "controllability", "new identity", "training required", "hardware", "best for")


def render_table(machine: dict[str, Any], rows: Sequence[Row], known: Sequence[Subject], *, wide: bool = True) -> Group:
    """Both tables and the machine they were measured on."""
    facts = {subject.name: subject.facts for subject in known}
    head = (
        f"{machine['cpu']}, {machine['cores']} cores, load {machine['load_average_1min']} before the start, "
        f"Python {machine['python']}"
    )
    return Group(Text(head, style="dim"), _comparison(rows, facts, wide=wide), Text(), _figures(rows))


def _comparison(rows: Sequence[Row], facts: dict[str, Facts], *, wide: bool) -> Table:
    """An engine a line; on a narrow terminal an engine a column."""
    lines = [_compared(row, facts[row.drawn_by]) for row in rows]
    if wide:
        table = Table("engine", *COLUMNS, box=None, pad_edge=False)
        for row, line in zip(rows, lines, strict=True):
            table.add_row(f"{row.engine} {row.size}", *line)
    else:
        table = Table("", *(f"{row.engine} {row.size}" for row in rows), box=None, pad_edge=False)
        for name, cells in zip(COLUMNS, zip(*lines, strict=True), strict=True):
            table.add_row(name, *cells)
    return table


def _compared(row: Row, fact: Facts) -> tuple[str, ...]:
    """The cells of `COLUMNS`."""
    return (
        f"answers in {_p50(row.response_ms)} ms, picture {_p50(row.glass_ms)} ms",
        f"{fact.realism}{_realism(row)}",
        f"{row.controls['working']} of {row.controls['of']} controls" if row.controls else NONE,
        fact.new_identity + (f", {row.create_s:.1f} s" if row.create_s is not None else ""),
        fact.training,
        f"{fact.hardware}, {row.cores:.2f} cores a session" if row.cores is not None else fact.hardware,
        fact.best_for,
    )


def _figures(rows: Sequence[Row]) -> Table:
    table = Table("figure", *(f"{row.engine} {row.avatar} {row.size}" for row in rows), box=None, pad_edge=False)
    for name in Row.__dataclass_fields__:
        if name not in {"engine", "avatar", "size", "notes", "realism"}:
            table.add_row(name, *(_cell(getattr(row, name)) for row in rows))
    return table


def _cell(value: object) -> str:
    match value:
        case None:
            return NONE
        case Spread(p50, p95, n):
            return f"{p50:.1f}  p95 {p95:.1f}  [dim]of {n}[/]"
        case Slope(slope, low, high):
            return f"{slope:+.1f}  [dim]{low:+.1f} to {high:+.1f}[/]"
        case float():
            return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
        case {"working": working, "of": of, "failing": failing}:
            return f"{working} of {of}" + (f"  [dim]not: {', '.join(failing)}[/]" if failing else "")
        case _:
            return str(value)


def _p50(value: Spread | None) -> str:
    return f"{value.p50:.0f}" if value else NONE


def _realism(row: Row) -> str:
    return f", PSNR {row.realism['psnr']:.1f} SSIM {row.realism['ssim']:.3f}" if row.realism else ""
