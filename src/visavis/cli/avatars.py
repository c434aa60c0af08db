"""`visavis avatars`: who can be put in front."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.progress import console


def avatars(
    install: Annotated[Path | None, typer.Option("--install", help="Install a bundle: a folder, or a zip of one.")] = None,
) -> None:
    """List the avatars on this machine, or install one.

    [dim]visavis avatars --install friend.zip[/]
    """
    from rich.table import Table

    from visavis.avatars import install_bundle, list_avatars
    from visavis.settings import load_settings

    settings = load_settings()
    if install is not None:
        avatar = install_bundle(install, settings.home)
        console.print(f"  {avatar.name} is installed: `visavis talk --avatar {avatar.name}`")
        return
    table = Table("name", "who", "engines", "licence", box=None, pad_edge=True)
    for avatar in list_avatars(settings.home):
        table.add_row(avatar.name, avatar.title, ", ".join(avatar.engines), avatar.licence)
    console.print(table)
