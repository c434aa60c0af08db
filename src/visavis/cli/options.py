"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AvatarOption = Annotated[str | None, typer.Option("--avatar", help="Who: a name from `visavis avatars`.", metavar="NAME")]
EngineOption = Annotated[str | None, typer.Option("--engine", help="What draws: rig or portrait. Default: the avatar's best.")]
SizeOption = Annotated[int | None, typer.Option("--size", help="Side of the picture in pixels, a multiple of 16, 128 to 1080.")]
FpsOption = Annotated[int | None, typer.Option("--fps", help="Frames a second: 25, 30, 50 or 60.")]
AudioArgument = Annotated[Path, typer.Argument(help="A recording: WAV, FLAC, MP3, OGG, M4A …", metavar="AUDIO")]
SeedOption = Annotated[
    int, typer.Option("--seed", help="Seed of blinks, glances and sways; the same seed gives the same video.")
]
