"""`visavis create`: an avatar from a picture, a character, splats, a capture or a packed bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from visavis.cli.progress import console, progress_bar
from visavis.errors import BadInput

if TYPE_CHECKING:
    from visavis.settings import Settings

RIGHT_HELP = "You have the right to use this likeness; recorded in the bundle. Asked for where it is left out."


def create(
    source: Annotated[
        Path | None, typer.Argument(help="A picture, a character, splats, a capture folder or a bundle; left out with --head.")
    ] = None,
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
    option: Annotated[list[str] | None, typer.Option("--set", help="An option of the engine or the head, KEY=VALUE.")] = None,
    head: Annotated[bool, typer.Option("--head", help="A new person of our own head, from choices and a seed.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="With --head: what is not chosen is drawn with it.")] = None,
    age: Annotated[int | None, typer.Option("--age", help="With --head: 18 to 90.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of an installed avatar.")] = False,
) -> None:
    """Make an avatar that can talk.

    [dim]visavis create face.jpg --name ada --i-have-the-right[/]
    [dim]visavis create --head --seed 7 --age 60 --set woman=1 --name ruth[/]
    """
    from visavis.cli.likeness import ask_likeness
    from visavis.session.creation import Kind, Request, create_avatar, kind_of
    from visavis.settings import load_settings

    settings = load_settings()
    if head or source is None:
        _create_head(source, name, {"seed": seed, "age": age, **_options(option or [])}, settings, head=head, replace=replace)
        return
    if seed is not None or age is not None:
        raise BadInput("--seed and --age belong to --head.")
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


def _create_head(
    source: Path | None, name: str | None, choices: Mapping[str, object], settings: Settings, *, head: bool, replace: bool
) -> None:
    from visavis.session.creation import create_head

    if not head:
        raise BadInput("Nothing was given to make an avatar of.", mend="Name a file, or use --head for a new person.")
    if source is not None:
        raise BadInput(f"--head makes a person from nothing; {source.name} is not used.", mend="Leave one of them out.")
    if name is None:
        raise BadInput("A new person needs a name.", mend="Add --name.")
    given = {key: value for key, value in choices.items() if value is not None}
    with progress_bar() as report:
        avatar = create_head(given, name, settings.home, settings.cache, report, replace=replace)
    console.print(f"  {avatar.name} is described in {avatar.asset('rig')}")
    console.print(f"  {avatar.name} is ready: `visavis talk --avatar {avatar.name}`")


def _options(given: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise BadInput(f"--set {text!r} is no KEY=VALUE.")
        pairs[key] = value
    return pairs
