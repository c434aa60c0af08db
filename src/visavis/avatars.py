"""Avatar bundles: a folder, or a zip of one, with `avatar.toml` and the files it names.

Built-in people lie in the package; installed ones under `HOME/avatars/<name>/`. A bundle may come from a stranger: unknown
keys, links, names that leave the folder and anything beyond `BOUNDS` are refused before a byte is kept.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from visavis.archives import Bounds, check_name, open_zip, safe_members, unpack
from visavis.arkit import SHAPES
from visavis.errors import BadInput, NotFound, TooLarge, Unavailable

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
BUILT_IN: Final = Path(__file__).parent / "bundles"
CARD: Final = "avatar.toml"
MAX_CARD_BYTES: Final = 64 << 10
BOUNDS: Final = Bounds(files=2_000, file_bytes=256 << 20, total_bytes=512 << 20)
ENGINES: Final = ("rig", "portrait", "diffusion", "gaussian")

EngineName: TypeAlias = Literal["rig", "portrait", "diffusion", "gaussian"]
Line = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f]+$")]
Gain = Annotated[float, Field(ge=0.0, le=3.0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Likeness(_Strict):
    """Whose face this is and by what right it is used."""

    origin: Literal["synthetic", "artwork", "photograph", "capture", "character"]
    statement: Line
    consent: Line | None = None
    """Who agreed to what, and when. A photograph or a capture of a person needs it."""

    @model_validator(mode="after")
    def _people_agree(self) -> Likeness:
        if self.origin in {"photograph", "capture"} and self.consent is None:
            raise ValueError(f"a {self.origin} needs `consent`: who agreed to its use, and when")
        return self


class VoiceHint(_Strict):
    """How the embedded voice sounds for this person: eSpeak's variant, pitch and range 0 to 100, words a minute."""

    variant: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_]{1,16}$")] = "f3"
    pitch: int = Field(default=50, ge=0, le=100)
    pitch_range: int = Field(default=50, ge=0, le=100)
    rate_wpm: int = Field(default=165, ge=80, le=450)


class Calibration(_Strict):
    gains: dict[str, Gain] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_known(self) -> Calibration:
        unknown = sorted(set(self.gains) - set(SHAPES))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not an ARKit shape")
        return self


class Card(_Strict):
    """avatar.toml, key by key."""

    format: Literal[1]
    name: str
    title: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
    engines: Annotated[list[EngineName], Field(min_length=1, max_length=len(ENGINES))]
    licence: Line
    likeness: Likeness
    voice: VoiceHint = VoiceHint()
    calibration: Calibration = Calibration()
    assets: dict[EngineName, Line] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Card:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not a name: lower-case letters, digits and dashes, at most 64")
        if len(set(self.engines)) != len(self.engines):
            raise ValueError("an engine is named twice")
        lacking = [engine for engine in self.engines if engine not in self.assets]
        if lacking:
            raise ValueError(f"`assets` names no file for the engine {lacking[0]!r}")
        return self


@dataclass(frozen=True, slots=True)
class Avatar:
    """A bundle that has been read and checked.

    engines  best first; `assets` holds the file inside the bundle that each starts from
    gains    calibration: ARKit shape name -> factor on its weight
    """

    name: str
    title: str
    engines: tuple[str, ...]
    licence: str
    likeness: Likeness
    voice: VoiceHint
    folder: Path
    gains: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    assets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def asset(self, engine: str) -> Path:
        """The file an engine starts from. Raises BadInput if the bundle has none for it."""
        if engine not in self.assets:
            raise BadInput(f"{self.name} cannot run on {engine}.", mend=f"It runs on {', '.join(self.engines)}.")
        return self.folder / self.assets[engine]


def load_avatar(name_or_path: str | Path, home: Path) -> Avatar:
    """An avatar by name (built in, then installed under `home`) or by the path of its folder.

    Raises NotFound with the known names, BadInput for a bundle that is not in order.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, str) and NAME.fullmatch(text):
        for root in (BUILT_IN, installed_root(home)):
            if (root / text / CARD).is_file():
                return read_bundle(root / text, expected_name=text)
        known = ", ".join(_names(home))
        raise NotFound(f"There is no avatar called {text!r}.", mend=f"Known: {known}.")
    folder = Path(text)
    if folder.is_file():
        raise BadInput(f"{folder.name} is a packed bundle.", mend="Install it first, then use its name.")
    if not folder.is_dir():
        raise NotFound(f"There is no avatar at {text[:200]!r}.", mend=f"Known names: {', '.join(_names(home))}.")
    return read_bundle(folder)


def list_avatars(home: Path) -> list[Avatar]:
    """Every built-in and installed avatar, built-in first. One that is not in order is left out; `validate` says why."""
    found = []
    for name in _names(home):
        try:
            found.append(load_avatar(name, home))
        except BadInput:
            continue
    return found


def install_bundle(source: Path, home: Path, *, replace: bool = False) -> Avatar:
    """Check a zip or folder and put it under `home`, whole or not at all.

    Raises BadInput or TooLarge for what must not be installed, and where the name is taken (unless `replace`).
    """
    root = installed_root(home)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _staged(source, root) as staged:
            avatar = read_bundle(staged)
            target = root / avatar.name
            if (BUILT_IN / avatar.name).exists():
                raise BadInput(f"{avatar.name!r} is a built-in avatar.", mend="Give the bundle another name.")
            if target.exists() and not replace:
                raise BadInput(f"An avatar called {avatar.name!r} is installed.", mend="Remove it or ask to replace it.")
            _put_in_place(staged, target)
    except OSError as error:
        raise Unavailable(f"The bundle cannot be stored under {home}: {error}.", mend="Set VISAVIS_HOME.") from None
    return read_bundle(target, expected_name=avatar.name)


def _put_in_place(staged: Path, target: Path) -> None:
    """Move a finished bundle to where it belongs; what stood there goes only once the new one stands."""
    before = staged.parent / "replaced"
    replacing = target.exists()
    if replacing:
        os.replace(target, before)
    try:
        os.replace(staged, target)
    except OSError:
        if replacing:
            os.replace(before, target)
        raise


def write_card(card: Card, folder: Path) -> None:
    """`avatar.toml` of a bundle that is being made."""
    import tomli_w

    text = tomli_w.dumps(card.model_dump(exclude_none=True, exclude_defaults=False))
    (folder / CARD).write_text(text, encoding="utf-8")


def validate(source: Path) -> Avatar:
    """Read a zip or folder as `install_bundle` would and keep nothing (`folder` of the answer is gone for a zip)."""
    if source.is_dir():
        _check_folder(source)
        return read_bundle(source)
    with tempfile.TemporaryDirectory(prefix="visavis-") as scratch, _staged(source, Path(scratch)) as staged:
        return read_bundle(staged)


def read_bundle(folder: Path, *, expected_name: str | None = None) -> Avatar:
    """A bundle's folder as an `Avatar`. Raises BadInput in one line for whatever is wrong with it."""
    card = _read_card(folder / CARD)
    if expected_name is not None and card.name != expected_name:
        raise BadInput(f"The bundle in {expected_name!r} calls itself {card.name!r}.")
    for engine, name in card.assets.items():
        path = folder / check_name(name)
        if path.is_symlink() or not path.is_file():
            raise BadInput(f"{card.name}: the file {name!r} for {engine} is missing.")
    return Avatar(
        name=card.name,
        title=card.title,
        engines=tuple(card.engines),
        licence=card.licence,
        likeness=card.likeness,
        voice=card.voice,
        folder=folder,
        gains=MappingProxyType(dict(card.calibration.gains)),
        assets=MappingProxyType({str(engine): file for engine, file in card.assets.items()}),
    )


def installed_root(home: Path) -> Path:
    return home / "avatars"


def _names(home: Path) -> list[str]:
    names: list[str] = []
    for root in (BUILT_IN, installed_root(home)):
        if root.is_dir():
            names += sorted(p.name for p in root.iterdir() if NAME.fullmatch(p.name) and (p / CARD).is_file())
    return list(dict.fromkeys(names))


def _read_card(path: Path) -> Card:
    try:
        if path.stat().st_size > MAX_CARD_BYTES:
            raise TooLarge(f"{CARD} is larger than {MAX_CARD_BYTES} bytes.")
        return Card.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise BadInput(f"The bundle has no {CARD}.") from None
    except OSError as error:
        raise BadInput(f"{CARD} cannot be read: {error}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{CARD} is not TOML: {error}.") from None
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "it"
        raise BadInput(f"{CARD}: {where}: {fault['msg'].removeprefix('Value error, ')}.") from None


@contextmanager
def _staged(source: Path, root: Path) -> Iterator[Path]:
    """A checked copy of a zip or folder in a temporary folder under `root`."""
    if not source.exists():
        raise NotFound(f"There is no bundle at {source}.")
    with tempfile.TemporaryDirectory(prefix=".install-", dir=root, ignore_cleanup_errors=True) as scratch:
        staged = Path(scratch) / "bundle"
        if source.is_dir():
            _copy_folder(source, staged)
        else:
            _unpack_zip(source, staged)
        yield staged


def _unpack_zip(source: Path, staged: Path) -> None:
    """Unpack a zip whose `avatar.toml` lies at its root or in its only folder."""
    with open_zip(source) as archive:
        members = safe_members(archive, BOUNDS)
        cards = [info.filename for info in members if info.filename == CARD or info.filename.endswith("/" + CARD)]
        if not cards:
            raise BadInput(f"{source.name} holds no {CARD}.")
        prefix = min(cards, key=len).removesuffix(CARD)
        if prefix.count("/") > 1 or any(not info.filename.startswith(prefix) for info in members):
            raise BadInput(f"{source.name} must hold one bundle, at its root or in one folder.")
        unpack(archive, ((info, info.filename.removeprefix(prefix)) for info in members), staged)


def _check_folder(folder: Path) -> list[Path]:
    """The plain files of a folder. Raises BadInput for a link and TooLarge beyond the bounds."""
    files: list[Path] = []
    total = 0
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise BadInput(f"The bundle holds a link ({path.name!r}); only plain files are taken.")
        if path.is_dir():
            continue
        size = path.stat().st_size
        total += size
        files.append(path)
        if len(files) > BOUNDS.files or size > BOUNDS.file_bytes or total > BOUNDS.total_bytes:
            raise TooLarge(f"The bundle in {folder.name!r} is larger than a bundle may be ({BOUNDS.total_bytes >> 20} MiB).")
    return files


def _copy_folder(source: Path, staged: Path) -> None:
    for path in _check_folder(source):
        target = staged / check_name(path.relative_to(source).as_posix())
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target, follow_symlinks=False)
