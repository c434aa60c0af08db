"""A portrait's file in a bundle, made from a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from visavis import assets
from visavis.engines.portrait.build import build_portrait
from visavis.engines.portrait.portrait import Portrait
from visavis.engines.portrait.still import Options
from visavis.errors import BadInput
from visavis.landmarks.pictures import read_picture

FILE_NAME: Final = "portrait.npz"
LICENCE: Final = "The picture's own"


def portrait_of(
    source: Path, options: Mapping[str, str], cache: Path, progress: assets.Progress | None = None
) -> tuple[Portrait, tuple[str, ...]]:
    """The portrait and remarks worth telling. Raises BadInput for a picture or an option that cannot be used."""
    wanted = read_options(options)
    return build_portrait(read_picture(source), source.name, cache, progress, wanted)


def create_portrait(
    source: Path, folder: Path, options: Mapping[str, str], cache: Path, progress: assets.Progress | None = None
) -> tuple[str, ...]:
    """Writes `FILE_NAME` into a folder; returns remarks. Errors as `portrait_of`."""
    portrait, remarks = portrait_of(source, options, cache, progress)
    portrait.save(folder / FILE_NAME)
    return remarks


def read_options(options: Mapping[str, str]) -> Options:
    """face=K. Raises BadInput for anything else."""
    unknown = sorted(set(options) - {"face"})
    if unknown:
        raise BadInput(f"A portrait has no option {unknown[0]!r}.", mend="It has: face=K, the face to take, largest first.")
    if "face" not in options:
        return Options()
    text = options["face"]
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 1000:
        raise BadInput(f"face={text[:40]!r} is no number of a face.", mend="Faces count from 1, largest first.")
    return Options(face=int(text))
