"""From a name to a face that can be drawn: bundles found, people loaded once, an engine of its own for each session."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from visavis.avatars import NAME, Avatar, load_avatar
from visavis.errors import BadInput, NotFound
from visavis.types import Engine

if TYPE_CHECKING:
    from visavis.engines.gaussian.avatar import GaussianAvatar
    from visavis.render.mesh import RenderMesh

ENGINES: Final = ("rig", "gaussian")
MAX_LOADED_PEOPLE: Final = 8
"""Least recently used people are let go beyond this."""


class Faces(Protocol):
    """Where sessions get people and engines; tests bring their own."""

    def avatar(self, name: str) -> Avatar:
        """Raises NotFound with the known names."""
        ...

    def engine(self, avatar: Avatar, engine: str | None, size: int) -> Engine:
        """A new engine for one session. Raises BadInput where the bundle cannot run on it. Slow: call it in a thread."""
        ...


class InstalledFaces:
    """People from the built-in and installed bundles."""

    def __init__(self, home: Path, cache: Path) -> None:
        self._home, self._cache = home, cache
        self._people: OrderedDict[str, RenderMesh] = OrderedDict()
        self._splats: OrderedDict[str, GaussianAvatar] = OrderedDict()
        self._lock = threading.Lock()
        self._making: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def avatar(self, name: str) -> Avatar:
        """By name only: what comes over the wire must not walk the disk."""
        if NAME.fullmatch(name) is None:
            raise NotFound(f"{name[:64]!r} is not the name of an avatar.", mend="`visavis avatars` lists them.")
        return load_avatar(name, self._home)

    def engine(self, avatar: Avatar, engine: str | None, size: int) -> Engine:
        match choose_engine(avatar, engine):
            case "rig":
                from visavis.engines.rig import RigEngine

                return RigEngine(self._person(avatar), width=size, height=size)
            case "gaussian":
                from visavis.engines.gaussian import GaussianEngine

                return GaussianEngine(self._cloud(avatar), width=size, height=size)
            case other:
                raise BadInput(f"There is no engine {other!r}.", mend=f"Known: {', '.join(ENGINES)}.")

    def _person(self, avatar: Avatar) -> RenderMesh:
        from visavis.engines.rig.people import load_person

        with self._lock:
            making = self._making[avatar.name]
        with making:  # making one person takes seconds and keeps nobody else waiting
            person = self._people.get(avatar.name) or load_person(avatar, self._cache)
        with self._lock:
            self._people[avatar.name] = person
            self._people.move_to_end(avatar.name)
            while len(self._people) > MAX_LOADED_PEOPLE:
                self._people.popitem(last=False)
        return person

    def _cloud(self, avatar: Avatar) -> GaussianAvatar:
        from visavis.engines.gaussian.avatar import load

        path = avatar.asset("gaussian")
        key = f"{path} {path.stat().st_mtime_ns}"
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
