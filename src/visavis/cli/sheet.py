"""`visavis sheet`: contact sheets of a person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.options import SizeOption
from visavis.cli.progress import console


def sheet(
    avatar: Annotated[str, typer.Argument(help="Who: a name from `visavis avatars`.")] = "nova",
    out: Annotated[Path, typer.Option("--out", help="Folder for the PNG files.")] = Path(),
    size: SizeOption = None,
) -> None:
    """Contact sheets of a person: every ARKit shape, visemes, emotions, head turns.

    [dim]visavis sheet milo --out sheets/[/]
    """
    from visavis.cli.setup import prepare
    from visavis.engines.rig.sheet import write_sheets
    from visavis.session.faces import InstalledFaces
    from visavis.settings import load_settings

    settings = load_settings(avatar=avatar, size=size)
    prepare(settings, [avatar])
    faces = InstalledFaces(settings.home, settings.cache)
    for path in write_sheets(faces.engine(faces.avatar(avatar), "rig", settings.size), avatar, out):
        console.print(f"  {path}")
