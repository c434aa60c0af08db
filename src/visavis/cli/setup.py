"""`visavis setup`: fetch the pinned data and build the people, so that the first conversation starts at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from visavis.cli.progress import console, progress_bar
from visavis.settings import Settings, load_settings

DEFAULT_PEOPLE = ("nova", "milo")


def setup(
    people: Annotated[list[str] | None, typer.Argument(help="Whom to build; by default both built-in people.")] = None,
) -> None:
    """Fetch the pinned data and build the people; a second run is instant.

    [dim]visavis setup[/]
    """
    prepare(load_settings(), people or list(DEFAULT_PEOPLE), warm=True)
    console.print("  Ready: `visavis talk`")


def prepare(settings: Settings, people: Sequence[str], *, warm: bool = False) -> None:
    """What must be on the disk before a session; shows a bar for what takes time, nothing where all is there.

    `warm` also compiles the renderer, so that the first start does not wait for it.
    """
    from visavis.avatars import load_avatar
    from visavis.session.faces import InstalledFaces, choose_engine

    avatars = [load_avatar(name, settings.home) for name in people]
    with progress_bar() as report:
        for avatar in avatars:
            if choose_engine(avatar, settings.engine) == "rig":
                from visavis.engines.rig.store import load_mesh

                load_mesh(avatar, settings.cache, report)
        if warm:
            from visavis.session.capacity import measure_cost

            report("compiling the renderer", 0.0)
            engine = InstalledFaces(settings.home, settings.cache).engine(avatars[0], settings.engine, settings.size)
            measure_cost(engine, fps=settings.fps)
            engine.close()
            report("compiling the renderer", 1.0)
