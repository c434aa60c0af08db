"""`visavis motion`: the face's motion alone, as a Live Link Face CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.options import AudioArgument, SeedOption
from visavis.cli.progress import console

CSV_FPS = 60


def motion(
    audio: AudioArgument,
    out: Annotated[Path, typer.Option("--out", help="The CSV to write.")],
    streaming: Annotated[
        bool, typer.Option("--streaming", help="As it would be live: nothing is known before it is heard.")
    ] = False,
    seed: SeedOption = 1,
) -> None:
    """Face motion from a recording, as a Live Link Face CSV at 60 fps.

    [dim]visavis motion speech.wav --out speech.csv --streaming[/]
    """
    from visavis.audio.files import load_audio
    from visavis.motion.live_link_csv import write_live_link_csv
    from visavis.session.offline import faces_of_recording
    from visavis.types import SPEECH_HZ

    sound = load_audio(audio, SPEECH_HZ)
    faces = list(faces_of_recording(sound, fps=CSV_FPS, seed=seed, streaming=streaming))
    write_live_link_csv(out, faces, rate_hz=CSV_FPS)
    console.print(f"  {out}: {len(faces)} frames at {CSV_FPS} fps")
