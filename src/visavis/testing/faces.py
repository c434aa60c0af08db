"""Faces without people: every known avatar is a `PlainEngine`."""

from __future__ import annotations

import gzip
from pathlib import Path

from visavis.avatars import Avatar, load_avatar
from visavis.errors import NotFound
from visavis.session.faces import Model
from visavis.testing.engine import PlainEngine
from visavis.types import Engine


class PlainFaces:
    """Implements `session.faces.Faces`; keeps every engine it gave out, and which of them follow the load."""

    def __init__(self) -> None:
        self.engines: list[PlainEngine] = []
        self.governed: list[PlainEngine] = []

    def avatar(self, name: str) -> Avatar:
        if name not in {"nova", "milo"}:
            raise NotFound(f"There is no avatar {name!r}.", mend="Known: milo, nova.")
        return load_avatar(name, Path("no-installed-bundles"))

    def engine(self, avatar: Avatar, engine: str | None, size: int, *, level: int = 0, governed: bool = False) -> Engine:
        """Of one level of detail, whatever `level` says."""
        del level
        self.engines.append(PlainEngine(size, size))
        if governed:
            self.governed.append(self.engines[-1])
        return self.engines[-1]

    def model(self, avatar: Avatar) -> Model:
        """The avatar's name in place of a model."""
        return Model(gzip.compress(avatar.name.encode(), mtime=0), avatar.name)
