"""`visavis bench`: the side-by-side table, measured on this machine."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from visavis.cli.options import AvatarOption, SizeOption
from visavis.cli.progress import console, progress_bar
from visavis.cli.targets import check_target

WIDE: Final = 130
"""Characters that an engine's line of the comparison needs."""


def bench(
    engine: Annotated[
        list[str] | None, typer.Option("--engine", help="What to measure: rig, 'rig (viewer)'. Default: all.")
    ] = None,
    avatar: AvatarOption = None,
    size: SizeOption = None,
    sizes: Annotated[
        str | None, typer.Option("--sizes", help="More sizes whose drawing alone is measured: 256,768.", metavar="N,N")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Under a minute an engine: fewer repetitions; no drift, sessions or create_s.")
    ] = False,
    drift: Annotated[bool, typer.Option("--drift/--no-drift", help="Watch the A/V offset for ten minutes.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write machine and rows here.", metavar="FILE")] = None,
    speech: Annotated[
        Path | None,
        typer.Option("--speech", help="A recorded question for turn_ms. Default: the embedded voice asks.", metavar="FILE"),
    ] = None,
    livekit_server: Annotated[
        str | None,
        typer.Option(
            "--livekit-server",
            help="Its path: the rig's row through a LiveKit room too. scripts/livekit-server --path names one.",
            metavar="FILE",
        ),
    ] = None,
    advise: Annotated[
        str | None,
        typer.Option("--advise", help="Name the engine that fits: 'latency=300 hardware=cpu likeness=photo'.", metavar="NEEDS"),
    ] = None,
    rows: Annotated[
        Path | None, typer.Option("--rows", help="Take the rows of an earlier --json instead of measuring.", metavar="FILE")
    ] = None,
) -> None:
    """The side-by-side table, every figure measured on this machine.

    [dim]visavis bench --quick --json bench.json[/]
    """
    from visavis.bench.advise import advise as advice
    from visavis.bench.advise import read_needs
    from visavis.bench.subject import subjects
    from visavis.bench.table import render_table

    needs = read_needs(advise) if advise is not None else None
    if rows is not None:
        report = _read(rows)
    else:
        if json_file is not None:
            check_target(json_file)
        report = _measure(
            engine, avatar, size, _sizes(sizes), quick=quick, drift=drift, speech=speech, livekit_server=livekit_server
        )
    found = _rows(report)
    console.print(render_table(report["machine"], found, subjects(), wide=console.width >= WIDE))
    for row in found:
        for note in row.notes:
            console.print(f"  [dim]{row.engine}: {note}[/]")
    if needs is not None:
        console.print(advice(needs, found, subjects()))
    if json_file is not None:
        _write(json_file, report)
    typer.echo(json.dumps(report, separators=(",", ":")))


def _measure(
    engine: list[str] | None,
    avatar: str | None,
    size: int | None,
    sizes: list[int],
    *,
    quick: bool,
    drift: bool,
    speech: Path | None,
    livekit_server: str | None,
) -> dict[str, Any]:
    from visavis.bench.machine import describe_machine
    from visavis.bench.run import FULL, QUICK, measure, measure_drawing_only
    from visavis.bench.subject import subjects
    from visavis.settings import load_settings

    settings = load_settings(size=size)
    machine = describe_machine()
    plan = QUICK if quick else FULL if drift else replace(FULL, drift_s=None)
    measured = []
    for subject in subjects(engine):
        person = avatar or subject.avatar
        with progress_bar() as report:
            measured.append(measure(subject, settings, person, plan, recording=speech, report=report))
            if livekit_server is not None and subject.name == "rig":
                from visavis.bench.rooms import measure_room

                measured.append(measure_room(subject, settings, person, plan, binary=livekit_server, report=report))
            for other in sizes if subject.draw == "server" else []:
                sized = load_settings(size=other)
                report(f"drawing at {other}", 0.0)
                measured.append(measure_drawing_only(subject, sized, person, plan, report=report))
                report(f"drawing at {other}", 1.0)
    return {"machine": machine, "quick": quick, "rows": [row.to_json() for row in measured]}


def _rows(report: dict[str, Any]) -> list[Any]:
    from visavis.bench.row import Row

    return [Row.from_json(data) for data in report["rows"]]


def _sizes(text: str | None) -> list[int]:
    from visavis.errors import BadInput

    try:
        return [int(part) for part in (text or "").split(",") if part.strip()]
    except ValueError:
        raise BadInput(f"--sizes {text!r} is not a list of numbers.", mend="Say it as --sizes 256,768.") from None


def _read(path: Path) -> dict[str, Any]:
    from visavis.errors import BadInput, NotFound

    if not path.is_file():
        raise NotFound(f"{path} is not there.", mend="Write one with `visavis bench --json FILE`.")
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        _rows(report)
        report["machine"]["cpu"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(f"{path.name} is not a file that `visavis bench --json` wrote.") from None
    return report


def _write(path: Path, report: dict[str, Any]) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)
