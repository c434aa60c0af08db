"""Works out docs/scale.md's tables from what `visavis bench --json` wrote: `python scripts/scale_table.py FILE [FILE …]`.

Of several files the last that measured an engine counts. Nothing is typed in: what a run left empty stays empty here.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "scale.md"
BEGIN, END = "<!-- scale:begin -->\n", "<!-- scale:end -->"
SESSIONS: Final = (1, 100, 10_000)
MACHINE_CORES: Final = 16
USABLE_SHARE: Final = 0.80
"""Of the cores, as admission counts them (`session/capacity.py`); a test holds the two together."""
TARGET_LOAD: Final = 0.70
"""At which autoscaling adds a worker (`deploy/kubernetes/hpa.yaml`); a test holds the two together."""


@dataclass(frozen=True)
class Cost:
    """Of one session, as measured. Kilobits a second leave the machine for one viewer, or for LiveKit."""

    engine: str
    avatar: str
    size: int
    cores: float
    memory_mb: float | None
    kbps: float | None
    held: int | None
    """Sessions that the measured machine held at once, …"""
    machine_cores: int
    """… of so many cores."""

    @property
    def usable_cores(self) -> float:
        """Cores that one session needs of a machine: its own, and its share of those that are left free.

        Where the bench also counted how many sessions a machine holds, the dearer of the two counts.
        """
        counted = self.machine_cores / self.held if self.held else 0.0
        return max(self.cores / USABLE_SHARE, counted)


@dataclass(frozen=True)
class Fleet:
    """What so many sessions need at once."""

    sessions: int
    cores: float
    machines: int
    """Of `MACHINE_CORES` cores, all full."""
    workers: int
    """The same machines at `TARGET_LOAD`, as autoscaling keeps them."""
    memory_gb: float | None
    mbit_s: float | None
    gb_an_hour: float | None


def read_costs(runs: list[dict[str, Any]]) -> list[Cost]:
    """One for each engine whose session was measured. Raises SystemExit where there is none."""
    found: dict[str, Cost] = {}
    for run in runs:
        for row in run["rows"]:
            if row.get("cores"):
                found[row["engine"]] = Cost(
                    row["engine"], row["avatar"], row["size"], row["cores"], row.get("memory_mb"), row.get("kbps"),
                    row.get("sessions"), run["machine"]["cores"],
                )  # fmt: skip
    if not found:
        raise SystemExit("No row of these files tells `cores`: run `visavis bench --json FILE` without --quick.")
    return list(found.values())


def fleet(cost: Cost, sessions: int) -> Fleet:
    """A machine holds whole sessions: what is left over on it is nobody's."""
    each = max(1, math.floor(MACHINE_CORES / cost.usable_cores + 1e-9))
    mbit_s = cost.kbps * sessions / 1000 if cost.kbps else None
    return Fleet(
        sessions=sessions,
        cores=sessions * cost.usable_cores,
        machines=math.ceil(sessions / each),
        workers=math.ceil(sessions / (each * TARGET_LOAD)),
        memory_gb=cost.memory_mb * sessions / 1000 if cost.memory_mb else None,
        mbit_s=mbit_s,
        gb_an_hour=mbit_s * 3600 / 8 / 1000 if mbit_s else None,
    )


def tables(costs: list[Cost], machine: dict[str, Any]) -> str:
    lines = [
        f"Measured by `visavis bench` on: {machine['cpu']}, {machine['cores']} cores, no GPU, load "
        f"{machine['load_average_1min']} before the start. One session, at {', '.join(sorted({f'{c.size}²' for c in costs}))}:",
        "",
        "| engine | cores | cores of a machine, with what must stay free | memory | to one viewer |",
        "|---|---|---|---|---|",
    ]
    for cost in costs:
        held = f" ({cost.held} held on {cost.machine_cores} cores)" if cost.held else ""
        lines.append(
            f"| `{cost.engine}` ({cost.avatar}) | {cost.cores:.2f} | {cost.usable_cores:.2f}{held} | "
            f"{_cell(cost.memory_mb, '{:.0f} MB')} | {_cell(cost.kbps, '{:.0f} kbit/s')} |"
        )
    lines += ["", _head("sessions at once", SESSIONS)]
    for cost in costs:
        fleets = [fleet(cost, sessions) for sessions in SESSIONS]
        for words, form, values in (
            ("cores", "{:,.1f}", [each.cores for each in fleets]),
            (f"machines of {MACHINE_CORES} cores, full", "{:,}", [each.machines for each in fleets]),
            (f"… with room to grow, at {TARGET_LOAD:.0%} load", "{:,}", [each.workers for each in fleets]),
            ("memory of the sessions", "{:,.1f} GB", [each.memory_gb for each in fleets]),
            ("out of the workers", "{:,.1f} Mbit/s", [each.mbit_s for each in fleets]),
            ("… in an hour of talk", "{:,.1f} GB", [each.gb_an_hour for each in fleets]),
        ):
            lines.append(f"| `{cost.engine}`: {words} | " + " | ".join(_cell(value, form) for value in values) + " |")
    return "\n".join(lines) + "\n"


def main(*sources: str) -> None:
    runs = [json.loads(Path(source).read_text()) for source in sources]
    head, rest = PAGE.read_text().split(BEGIN)
    tail = rest.split(END)[1]
    PAGE.write_text(head + BEGIN + tables(read_costs(runs), runs[-1]["machine"]) + END + tail)


def _head(what: str, sessions: tuple[int, ...]) -> str:
    columns = " | ".join(f"{each:,}".replace(",", " ") for each in sessions)
    return f"| {what} | {columns} |\n|---|" + "---|" * len(sessions)


def _cell(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value).replace(",", " ")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("python scripts/scale_table.py FILE [FILE …], as visavis bench --json wrote them.")
    main(*sys.argv[1:])
