"""What the bench must know of an engine to measure it. The measuring itself is shared by all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from visavis.session.faces import Faces
from visavis.settings import Settings

Report: TypeAlias = Callable[[str, float], None]
"""What is being done and the part of it done, 0 to 1."""
Likeness: TypeAlias = Literal["character", "photo", "capture"]


@dataclass(frozen=True)
class Facts:
    """What no stopwatch tells: for the columns that people compare these approaches by."""

    realism: str
    """What it looks like, in a few words."""
    new_identity: str
    """What a new person is made from."""
    identity_from: frozenset[Likeness]
    training: Literal["none", "minutes", "hours"]
    hardware: Literal["cpu", "gpu"]
    best_for: str


@dataclass(frozen=True)
class Subject:
    """One engine under test.

    prepare  puts on the disk what a session needs: (settings, avatar name, report)
    build    builds the avatar from its bundle into an empty folder, fetched data apart, for `create_s`; None where an engine
             has nothing to build
    realism  PSNR and SSIM against truth, where there is truth
    """

    engine: str
    avatar: str
    facts: Facts
    faces: Callable[[Settings], Faces]
    prepare: Callable[[Settings, str, Report], None]
    build: Callable[[Settings, str, Path], None] | None = None
    realism: Callable[[Settings, Report], dict[str, float]] | None = None
    draw: Literal["server", "viewer"] = "server"
    """Who makes the picture."""

    @property
    def name(self) -> str:
        """Of its row."""
        return self.engine if self.draw == "server" else f"{self.engine} (viewer)"


def subjects(names: Sequence[str] | None = None) -> list[Subject]:
    """The engines' rows by name, all of them by default. Raises BadInput with the known names."""
    from visavis.bench.rows.gaussian import GAUSSIAN
    from visavis.bench.rows.portrait import PORTRAIT
    from visavis.bench.rows.rig import RIG, RIG_VIEWER
    from visavis.errors import BadInput

    known = {subject.name: subject for subject in (RIG, RIG_VIEWER, PORTRAIT, GAUSSIAN)}
    for name in names or ():
        if name not in known:
            raise BadInput(f"There is no engine {name!r} to measure.", mend=f"Known: {', '.join(known)}.")
    return [known[name] for name in (names or known)]
