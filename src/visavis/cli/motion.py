"""`visavis motion`: the face's motion alone, as a Live Link Face CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from visavis.cli.options import AudioArgument, SeedOption
from visavis.cli.progress import console
from visavis.cli.targets import check_target

if TYPE_CHECKING:
    from visavis.types import FaceFrame

CSV_FPS: Final = 60
LEAST_COMPARED_S: Final = 2
"""Blinks a minute of less would be a guess."""


def motion(
    audio: AudioArgument,
    out: Annotated[Path, typer.Option("--out", help="The CSV to write.")],
    streaming: Annotated[
        bool, typer.Option("--streaming", help="As it would be live: nothing is known before it is heard.")
    ] = False,
    seed: SeedOption = 1,
    compare: Annotated[
        Path | None,
        typer.Option("--compare", help="A Live Link Face CSV: print how both blink, look and move.", metavar="CSV"),
    ] = None,
) -> None:
    """Face motion from a recording, as a Live Link Face CSV at 60 fps.

    [dim]visavis motion speech.wav --out speech.csv --compare take.csv[/]
    """
    from visavis.audio.files import load_audio
    from visavis.motion.live_link_csv import read_live_link_csv, write_live_link_csv
    from visavis.session.offline import faces_of_recording
    from visavis.types import SPEECH_HZ

    captured = read_live_link_csv(compare) if compare else None
    check_target(out)
    sound = load_audio(audio, SPEECH_HZ)
    faces = list(faces_of_recording(sound, fps=CSV_FPS, seed=seed, streaming=streaming))
    write_live_link_csv(out, faces, rate_hz=CSV_FPS)
    console.print(f"  {out}: {len(faces)} frames at {CSV_FPS} fps")
    if captured is not None:
        typer.echo(_comparison(faces, captured))


def _comparison(made: Sequence[FaceFrame], captured: Sequence[FaceFrame]) -> str:
    """Blinks, gaze and head of both, a line a figure. Raises BadInput where there is too little to count."""
    from visavis.errors import BadInput
    from visavis.motion.statistics import liveliness
    from visavis.types import TICKS_HZ

    for name, faces in (("The recording", made), ("The take", captured)):
        if faces[-1].t_ticks - faces[0].t_ticks < LEAST_COMPARED_S * TICKS_HZ:
            raise BadInput(f"{name} is too short to compare.", mend=f"Compare {LEAST_COMPARED_S} seconds or more.")
    return liveliness(made).table(liveliness(captured), names=("made", "captured"))
