"""`visavis render`: a talking video from a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visavis.cli.options import AvatarOption, EngineOption, FpsOption, SeedOption, SizeOption
from visavis.cli.progress import console, progress_bar
from visavis.cli.targets import check_target


def render(
    audio: Annotated[Path, typer.Option("--audio", help="A recording: WAV, FLAC, MP3, OGG, M4A …")],
    out: Annotated[Path, typer.Option("--out", help="The video to write, an .mp4 file.")],
    avatar: AvatarOption = None,
    engine: EngineOption = None,
    size: SizeOption = None,
    fps: FpsOption = None,
    seed: SeedOption = 1,
    streaming: Annotated[
        bool, typer.Option("--streaming", help="Move the face as it would live, without hearing ahead.")
    ] = False,
) -> None:
    """A talking video from a file.

    [dim]visavis render --audio speech.wav --avatar milo --out milo.mp4[/]
    """
    from visavis.audio.files import load_audio
    from visavis.cli.setup import prepare
    from visavis.session.faces import InstalledFaces
    from visavis.session.offline import faces_of_recording, render_recording
    from visavis.settings import load_settings
    from visavis.transports.mp4 import Mp4Writer
    from visavis.types import SPEECH_HZ

    settings = load_settings(avatar=avatar, engine=engine, size=size, fps=fps)
    check_target(out)
    sound = load_audio(audio, SPEECH_HZ)
    prepare(settings, [settings.avatar])
    faces = InstalledFaces(settings.home, settings.cache)
    person = faces.avatar(settings.avatar)
    drawn_by = faces.engine(person, settings.engine, settings.size)
    with (
        progress_bar() as report,
        Mp4Writer(out, width=drawn_by.width, height=drawn_by.height, fps=settings.fps, rate_hz=SPEECH_HZ) as writer,
    ):
        report("listening", 0.0)
        motion = list(faces_of_recording(sound, fps=settings.fps, seed=seed, gains=dict(person.gains), streaming=streaming))
        report("listening", 1.0)
        render_recording(sound, drawn_by, writer, motion, fps=settings.fps, progress=lambda part: report("drawing", part))
    drawn_by.close()
    console.print(f"  {out}: {len(motion) / settings.fps:.1f} s of {person.title}")
