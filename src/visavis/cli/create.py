"""`visavis create`: an avatar from a picture, a character, splats, a capture or a packed bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from visavis.cli.progress import console, progress_bar

RIGHT_HELP = "You have the right to use this likeness; recorded in the bundle. Asked for where it is left out."


def create(
    source: Annotated[Path, typer.Argument(help="A picture, a character, splats, a capture folder or a bundle.")],
    name: Annotated[str | None, typer.Option("--name", help="What the avatar is called; default: the file's name.")] = None,
    engine: Annotated[
        Literal["rig", "portrait", "gaussian"] | None, typer.Option("--engine", help="What draws it; default: by the source.")
    ] = None,
    origin: Annotated[
        Literal["synthetic", "artwork", "photograph", "capture", "character"] | None,
        typer.Option("--origin", help="Where the likeness is from."),
    ] = None,
    statement: Annotated[str | None, typer.Option("--statement", help="Who or what it shows, and under which licence.")] = None,
    consent: Annotated[str | None, typer.Option("--consent", help="Who agreed to its use, and when.")] = None,
    right: Annotated[bool, typer.Option("--i-have-the-right", help=RIGHT_HELP)] = False,
    face: Annotated[int | None, typer.Option("--face", help="Which face of a picture, largest first.", min=1)] = None,
    option: Annotated[list[str] | None, typer.Option("--set", help="An option of the engine, KEY=VALUE.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of an installed avatar.")] = False,
) -> None:
    """Make an avatar that can talk.

    [dim]visavis create face.jpg --name ada --i-have-the-right[/]
    """
    from visavis.cli.likeness import ask_likeness
    from visavis.session.creation import Kind, Request, create_avatar, kind_of
    from visavis.settings import load_settings

    settings = load_settings()
    kind = kind_of(source)
    likeness = None
    if kind is not Kind.BUNDLE:
        likeness = ask_likeness(kind, source.name, origin=origin, statement=statement, consent=consent, right=right)
    options = _options(option or []) | ({} if face is None else {"face": str(face)})
    request = Request(source, name, engine=engine, likeness=likeness, replace=replace, options=options)
    with progress_bar() as report:
        avatar, remarks = create_avatar(request, settings.home, settings.cache, report)
    for remark in remarks:
        console.print(f"  {remark}")
    console.print(f"  {avatar.name} is ready: `visavis talk --avatar {avatar.name}`")


def _options(given: list[str]) -> dict[str, str]:
    from visavis.errors import BadInput

    pairs: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise BadInput(f"--set {text!r} is no KEY=VALUE.")
        pairs[key] = value
    return pairs
