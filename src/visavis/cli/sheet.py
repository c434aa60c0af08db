"""`visavis sheet`: contact sheets of a person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.options import SizeOption
from visavis.cli.progress import console


def sheet(
    avatar: Annotated[str, typer.Argument(help="Who: a name from `visavis avatars`.")] = "nova",
    out: Annotated[Path, typer.Option("--out", help="Folder for the pictures.")] = Path(),
    size: SizeOption = None,
    engine: Annotated[str | None, typer.Option("--engine", help="Which of the avatar's engines; default: its best.")] = None,
) -> None:
    """Contact sheets of a person: every ARKit shape, visemes, emotions, head turns.

    [dim]visavis sheet milo --out sheets/[/]
    """
    from visavis.cli.setup import prepare
    from visavis.engines.sheet import write_sheets
    from visavis.motion.emotions import expression
    from visavis.motion.visemes import NAMES, viseme_weights
    from visavis.session.faces import InstalledFaces
    from visavis.settings import load_settings
    from visavis.types import Emotion

    settings = load_settings(avatar=avatar, size=size)
    prepare(settings, [avatar])
    faces = InstalledFaces(settings.home, settings.cache)
    drawing = faces.engine(faces.avatar(avatar), engine, settings.size)
    name = f"{avatar}-{engine}" if engine else avatar
    visemes = {name: viseme_weights(name) for name in NAMES}
    emotions = {emotion.value: expression(emotion) for emotion in Emotion}
    for path in write_sheets(drawing, name, out, visemes=visemes, emotions=emotions):
        console.print(f"  {path}")
