"""From a name to a face that can be drawn: bundles found, people loaded once, an engine of its own for each session."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from visavis.avatars import NAME, Avatar, load_avatar
from visavis.errors import BadInput, NotFound
from visavis.types import Engine

if TYPE_CHECKING:
    from visavis.engines.gaussian.avatar import GaussianAvatar
    from visavis.engines.gaussian.cameras import Shot
    from visavis.engines.portrait.portrait import Portrait
    from visavis.render.prepare import Prepared

ENGINES: Final = ("rig", "portrait", "gaussian")
MAX_LOADED_PEOPLE: Final = 8
"""Least recently used people are let go beyond this."""


@dataclass(frozen=True, slots=True)
class Model:
    """A person's file for viewers that draw by themselves, compressed with gzip; `tag` changes with its content."""

    gzipped: bytes
    tag: str


class Faces(Protocol):
    """Where sessions get people and engines; tests bring their own."""

    def avatar(self, name: str) -> Avatar:
        """Raises NotFound with the known names."""
        ...

    def engine(self, avatar: Avatar, engine: str | None, size: int, *, level: int = 0, governed: bool = False) -> Engine:
        """A new engine for one session. Raises BadInput where the bundle cannot run on it. Slow: call it in a thread.

        `level` of detail, 0 the finest, the engine's coarsest where it has fewer; `governed`: changed with the load from there on.
        """
        ...

    def model(self, avatar: Avatar) -> Model:
        """What a viewer draws this avatar from. Raises BadInput where viewers cannot. Slow: call it in a thread."""
        ...


class InstalledFaces:
    """People from the built-in and installed bundles."""

    def __init__(self, home: Path, cache: Path) -> None:
        self._home, self._cache = home, cache
        self._people: OrderedDict[str, Prepared] = OrderedDict()
        self._models: dict[str, tuple[Prepared, Model]] = {}
        self._portraits: OrderedDict[tuple[Path, int], Portrait] = OrderedDict()
        self._splats: OrderedDict[tuple[Path, int], GaussianAvatar] = OrderedDict()
        self._lock = threading.Lock()
        self._making: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def avatar(self, name: str) -> Avatar:
        """By name only: what comes over the wire must not walk the disk."""
        if NAME.fullmatch(name) is None:
            raise NotFound(f"{name[:64]!r} is not the name of an avatar.", mend="`visavis avatars` lists them.")
        return load_avatar(name, self._home)

    def engine(
        self, avatar: Avatar, engine: str | None, size: int, *, level: int = 0, governed: bool = False, shot: Shot = "front"
    ) -> Engine:
        """As the protocol says; `shot` is from where a gaussian person is seen, a stereo pair twice as wide as `size`."""
        chosen = choose_engine(avatar, engine)
        if shot != "front" and chosen != "gaussian":
            raise BadInput(
                f"{avatar.name} is drawn by {chosen}, from the front alone.", mend="Gaussian people are seen from any side."
            )
        match chosen:
            case "rig":
                from visavis.engines.rig import RigEngine
                from visavis.engines.rig.detail import Governor

                detail = Governor(start=level) if governed else level
                return RigEngine(self._person(avatar), width=size, height=size, detail=detail)
            case "portrait":
                from visavis.engines.portrait import PortraitEngine

                return PortraitEngine(self._portrait(avatar), size=size)
            case "gaussian":
                from visavis.engines.gaussian import GaussianEngine
                from visavis.engines.rig.detail import Governor

                detail = Governor(start=level) if governed else level
                width = 2 * size if shot == "stereo" else size
                return GaussianEngine(self._cloud(avatar), width=width, height=size, detail=detail, shot=shot)
            case other:
                raise BadInput(f"There is no engine {other!r}.", mend=f"Known: {', '.join(ENGINES)}.")

    def model(self, avatar: Avatar) -> Model:
        if choose_engine(avatar, None) != "rig":
            raise BadInput(
                f"{avatar.name} is drawn by the server alone.", mend="Ask for draw=server; viewers draw rig avatars."
            )
        from visavis.engines.rig.export import export_model

        person = self._person(avatar)
        with self._lock:
            known = self._models.get(avatar.name)
        if known is None or known[0] is not person:
            gzipped = gzip.compress(export_model(person), mtime=0)
            known = (person, Model(gzipped, hashlib.sha256(gzipped).hexdigest()[:32]))
            with self._lock:
                self._models[avatar.name] = known
        return known[1]

    def _person(self, avatar: Avatar) -> Prepared:
        from visavis.engines.rig.store import load_mesh
        from visavis.render.prepare import prepare

        with self._lock:
            making = self._making[avatar.name]
        with making:  # making one person takes seconds and keeps nobody else waiting
            person = self._people.get(avatar.name) or prepare(load_mesh(avatar, self._cache))
        with self._lock:
            self._people[avatar.name] = person
            self._people.move_to_end(avatar.name)
            while len(self._people) > MAX_LOADED_PEOPLE:
                dropped, _ = self._people.popitem(last=False)
                self._models.pop(dropped, None)
        return person

    def _cloud(self, avatar: Avatar) -> GaussianAvatar:
        """Read again where the file was replaced."""
        from visavis.engines.gaussian.avatar import load

        path = avatar.asset("gaussian")
        if not path.is_file():
            raise NotFound(f"{avatar.name} lacks its file {path.name}.", mend="Make or install the avatar again.")
        key = path, path.stat().st_mtime_ns
        with self._lock:
            cloud = self._splats.get(key)
        if cloud is None:
            cloud = load(path)
        with self._lock:
            self._splats[key] = cloud
            self._splats.move_to_end(key)
            while len(self._splats) > MAX_LOADED_PEOPLE:
                self._splats.popitem(last=False)
        return cloud

    def _portrait(self, avatar: Avatar) -> Portrait:
        """Read again where the file was replaced."""
        from visavis.engines.portrait.portrait import Portrait

        path = avatar.asset("portrait")
        if not path.is_file():
            raise NotFound(f"{avatar.name} lacks its file {path.name}.", mend="Make or install the avatar again.")
        key = path, path.stat().st_mtime_ns
        with self._lock:
            portrait = self._portraits.get(key)
        portrait = portrait or Portrait.load(path)
        with self._lock:
            self._portraits[key] = portrait
            self._portraits.move_to_end(key)
            while len(self._portraits) > MAX_LOADED_PEOPLE:
                self._portraits.popitem(last=False)
        return portrait


def choose_engine(avatar: Avatar, engine: str | None) -> str:
    """The engine asked for, or the bundle's best that this version has. Raises BadInput with what there is."""
    if engine is None:
        for name in avatar.engines:
            if name in ENGINES:
                return name
    elif engine in avatar.engines and engine in ENGINES:
        return engine
    raise BadInput(
        f"{avatar.name} cannot be drawn by {engine or 'any engine here'}.",
        mend=f"It runs on {', '.join(avatar.engines)}; this version has {', '.join(ENGINES)}.",
    )
