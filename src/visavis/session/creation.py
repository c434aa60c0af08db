"""From what somebody hands over to an avatar that can talk: a picture, a character, splats, a capture, or a packed bundle.

Each engine writes its own files into an empty folder; this adds the card and installs the folder whole or not at all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from visavis.avatars import (
    BUILT_IN,
    NAME,
    Avatar,
    Calibration,
    Card,
    EngineName,
    Likeness,
    VoiceHint,
    install_bundle,
    installed_root,
    read_bundle,
    write_card,
)
from visavis.errors import BadInput, NotFound, TooLarge, Unavailable

Progress = Callable[[str, float], None]
"""Called with what is being done and the share of it that is done, 0 to 1."""

HEAD_STATEMENT: Final = "Made from the CC0 MakeHuman base mesh and identity targets; the likeness of nobody."
MAX_SOURCE_BYTES: Final = 256 << 20
_SNIFFED_BYTES: Final = 64
_GLTF_SEARCHED_BYTES: Final = 1 << 20
_SPLAT_MARK: Final = b"KHR_gaussian_splatting"


class Kind(StrEnum):
    """What a source is, told by its first bytes, never by its name alone."""

    PICTURE = "picture"
    CHARACTER = "character"
    SPLATS = "splats"
    CAPTURE = "capture"
    BUNDLE = "bundle"


ENGINE_OF: Final[dict[Kind, EngineName]] = {
    Kind.PICTURE: "portrait",
    Kind.CHARACTER: "rig",
    Kind.SPLATS: "gaussian",
    Kind.CAPTURE: "gaussian",
}
"""What each kind is made for where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to make an avatar of.

    name        of the avatar; None takes it from the file's
    engine      None takes the kind's own (`ENGINE_OF`)
    likeness    whose face it is and by what right it is used; None only for what is nobody's likeness
    options     the engine's own, by name; unknown ones are refused by the engine
    """

    source: Path
    name: str | None = None
    title: str | None = None
    engine: EngineName | None = None
    likeness: Likeness | None = None
    voice: VoiceHint = field(default_factory=VoiceHint)
    replace: bool = False
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """What an engine wrote: the file it starts from, the ARKit gains of this face, and remarks worth telling."""

    asset: str
    licence: str
    gains: dict[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def create_avatar(request: Request, home: Path, cache: Path, progress: Progress) -> tuple[Avatar, tuple[str, ...]]:
    """The installed avatar and remarks about it. Slow: call it in a thread.

    Raises NotFound, BadInput or TooLarge for a source that cannot be used, BadInput where the name is taken.
    """
    kind = kind_of(request.source)
    if kind is Kind.BUNDLE:
        return install_bundle(request.source, home, replace=request.replace), ()
    engine = request.engine or ENGINE_OF[kind]
    name = request.name or _name_from(request.source)
    _check_free(name, home, request.replace)
    if request.likeness is None:
        raise BadInput("Nobody has said whose face this is.", mend="Say where it is from and who agreed to its use.")
    with tempfile.TemporaryDirectory(prefix="visavis-") as scratch:
        folder = Path(scratch) / name
        folder.mkdir()
        made = _make(engine, kind, request, folder, cache, progress)
        card = Card(
            format=1, name=name, title=request.title or name.replace("-", " ").title(), engines=[engine], licence=made.licence,
            likeness=request.likeness, voice=request.voice, calibration=Calibration(gains=made.gains), assets={engine: made.asset},
        )  # fmt: skip
        write_card(card, folder)
        return install_bundle(folder, home, replace=request.replace), made.remarks


def create_head(
    choice: Mapping[str, object],
    name: str,
    home: Path,
    cache: Path,
    progress: Progress,
    *,
    title: str | None = None,
    replace: bool = False,
) -> Avatar:
    """A new person from the canonical head: the choices of `engines.rig.people.identities`, a description that can be edited in the
    bundle. Slow: call it in a thread.

    Raises BadInput for a choice that cannot be made or a name that is taken, Unavailable where the head's data cannot be had.
    """
    from visavis.engines.rig.people.identities import choice_of, make_person, voice_of

    chosen = choice_of(choice)
    _check_free(name, home, replace)
    with tempfile.TemporaryDirectory(prefix="visavis-") as scratch:
        folder = Path(scratch) / name
        folder.mkdir()
        asset = make_person(chosen, folder)
        likeness = Likeness(origin="synthetic", statement=HEAD_STATEMENT)
        card = Card(
            format=1, name=name, title=title or name.replace("-", " ").title(), engines=["rig"], licence="CC0-1.0", likeness=likeness,
            voice=VoiceHint.model_validate(voice_of(chosen)), assets={"rig": asset},
        )  # fmt: skip
        write_card(card, folder)
        from visavis.engines.rig.store import load_mesh

        load_mesh(read_bundle(folder), cache, progress)
        return install_bundle(folder, home, replace=replace)


def kind_of(source: Path) -> Kind:
    """Raises NotFound, TooLarge, or BadInput with what can be used."""
    if source.is_dir():
        return Kind.BUNDLE if (source / "avatar.toml").is_file() else Kind.CAPTURE
    if not source.is_file():
        raise NotFound(f"There is no file {source}.")
    if source.stat().st_size > MAX_SOURCE_BYTES:
        raise TooLarge(f"{source.name} has {source.stat().st_size >> 20} MiB; at most {MAX_SOURCE_BYTES >> 20} are taken.")
    with source.open("rb") as file:
        head = file.read(_SNIFFED_BYTES)
        if head.startswith(b"glTF") and _SPLAT_MARK in file.read(_GLTF_SEARCHED_BYTES):
            return Kind.SPLATS
    found = _kind_of_bytes(head, source.suffix.lower())
    if found is None:
        raise BadInput(
            f"{source.name} is nothing an avatar can be made of.",
            mend="Take a picture (JPEG, PNG, WebP), a character (GLB, glTF, VRM), splats (PLY, SPZ, SPLAT) or a bundle (zip).",
        )
    return found


def _kind_of_bytes(head: bytes, suffix: str) -> Kind | None:
    match head:
        case _ if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*", b"GIF8", b"BM")):
            return Kind.PICTURE
        case _ if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return Kind.PICTURE
        case _ if head.startswith(b"glTF") or (suffix in {".gltf", ".vrm"} and head.lstrip()[:1] == b"{"):
            return Kind.CHARACTER
        case _ if head.startswith((b"ply\n", b"ply\r\n", b"NGSP")) or suffix in {".splat", ".spz", ".ksplat", ".sog"}:
            return Kind.SPLATS
        case _ if head.startswith(b"PK"):
            return Kind.BUNDLE
    return None


def _make(engine: EngineName, kind: Kind, request: Request, folder: Path, cache: Path, progress: Progress) -> Made:
    """The engine's own files in `folder`."""
    match engine, kind:
        case "portrait", Kind.PICTURE:
            from visavis.engines.portrait.create import FILE_NAME, LICENCE, create_portrait

            return Made(FILE_NAME, LICENCE, remarks=create_portrait(request.source, folder, request.options, cache, progress))
        case "rig", Kind.CHARACTER:
            from visavis.engines.rig.characters.store import make_character

            asset, licence, remarks = make_character(request.source, folder.name, folder, cache, request.options, progress)
            return Made(asset, licence, remarks=remarks)
        case "gaussian", Kind.SPLATS:
            from visavis.session.splatting import bundle_of_splats

            return bundle_of_splats(request.source, request.options, folder, cache, progress)
        case "gaussian", Kind.CAPTURE:
            from visavis.session.splatting import bundle_of_capture

            return bundle_of_capture(request.source, request.options, folder, cache, progress)
        case _:
            raise Unavailable(f"This version makes no {engine} avatar of a {kind}.", mend="It installs packed bundles.")


def _check_free(name: str, home: Path, replace: bool) -> None:
    """Before the work, what `install_bundle` would say after it."""
    if not NAME.fullmatch(name):
        raise BadInput(f"{name[:80]!r} is not a name: lower-case letters, digits and dashes, at most 64.", mend="Give another.")
    if (BUILT_IN / name).exists():
        raise BadInput(f"{name!r} is a built-in avatar.", mend="Take another name.")
    if (installed_root(home) / name).exists() and not replace:
        raise BadInput(f"An avatar called {name!r} is installed.", mend="Take another name, or ask to replace it.")


def _name_from(source: Path) -> str:
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in source.stem.lower()).strip("-")
    return "-".join(part for part in kept.split("-") if part)[:64] or "avatar"
