"""`visavis capture`: pictures of a drawn person from many cameras, to train on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.progress import console, progress_bar


def capture(
    folder: Annotated[Path, typer.Argument(help="The folder to write; it must not be there.")],
    avatar: Annotated[str, typer.Option("--avatar", help="Who: a name from `visavis avatars`.")] = "nova",
    cameras: Annotated[int, typer.Option("--cameras", help="How many cameras, in a half circle.")] = 16,
    expressions: Annotated[
        int, typer.Option("--expressions", help="How many moments, each with its own face and head pose.")
    ] = 60,
    size: Annotated[int, typer.Option("--size", help="Side of the pictures in pixels.")] = 512,
    seed: Annotated[int, typer.Option("--seed", help="Of the expressions.")] = 1,
) -> None:
    """Photograph a drawn person from all sides, in the layout of NeRSemble and VHAP captures.

    [dim]visavis capture nova-capture/ --avatar nova[/]
    """
    from visavis.avatars import load_avatar
    from visavis.session.capturing import CapturePlan, capture_person
    from visavis.settings import load_settings

    settings = load_settings()
    plan = CapturePlan(cameras, expressions, size, seed)
    with progress_bar() as report:
        capture_person(load_avatar(avatar, settings.home), folder, plan, settings.cache, report)
    console.print(f"  {cameras * expressions} pictures in {folder}: `visavis train gaussian {folder} --name {avatar}-splats`")
