"""`visavis train gaussian`: a person learnt from a capture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from visavis.cli.progress import console, progress_bar


def gaussian(
    capture: Annotated[Path, typer.Argument(help="A capture folder: see `visavis capture`.")],
    name: Annotated[str, typer.Option("--name", help="What the avatar is called.")],
    iterations: Annotated[int, typer.Option("--iterations", help="Steps, one picture each.")] = 12_000,
    splats: Annotated[int, typer.Option("--splats", help="At the end.")] = 30_000,
    bases: Annotated[int, typer.Option("--bases", help="Of the part that changes with the expression; 0 leaves it out.")] = 16,
    seed: Annotated[int, typer.Option("--seed", help="Of everything random.")] = 0,
    origin: Annotated[
        Literal["synthetic", "capture", "character"] | None, typer.Option("--origin", help="Where the likeness is from.")
    ] = None,
    statement: Annotated[str | None, typer.Option("--statement", help="Who it shows, and under which licence.")] = None,
    consent: Annotated[str | None, typer.Option("--consent", help="Who agreed to its use, and when.")] = None,
    right: Annotated[bool, typer.Option("--i-have-the-right", help="You have the right to use this likeness.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of an installed avatar.")] = False,
) -> None:
    """A Gaussian person from a capture. Ended early, the same command goes on where it was.

    [dim]visavis train gaussian nova-capture/ --name nova-splats --origin synthetic --i-have-the-right[/]
    """
    from visavis.cli.likeness import ask_likeness
    from visavis.session.creation import Kind, Request, create_avatar
    from visavis.settings import load_settings

    settings = load_settings()
    likeness = ask_likeness(
        Kind.CAPTURE, capture.name, origin=origin, statement=statement, consent=consent, right=right or origin == "synthetic"
    )
    options = {"iterations": str(iterations), "splats": str(splats), "bases": str(bases), "seed": str(seed)}
    request = Request(capture, name, engine="gaussian", likeness=likeness, replace=replace, options=options)
    with progress_bar() as report:
        avatar, remarks = create_avatar(request, settings.home, settings.cache, report)
    for remark in remarks:
        console.print(f"  {remark}")
    console.print(f"  {avatar.name} is ready: `visavis talk --avatar {avatar.name}`")
