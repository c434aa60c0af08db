"""`visavis render`: a talking video from a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from visavis.cli.options import AvatarOption, EngineOption, FpsOption, SeedOption, SizeOption
from visavis.cli.progress import console, progress_bar
from visavis.cli.targets import check_target
from visavis.errors import BadInput

if TYPE_CHECKING:
    from visavis.settings import Settings
    from visavis.types import Engine

RIGHTS: Final = "Use pictures only of those who agreed; the video is marked as made by AI."


def render(
    audio: Annotated[Path, typer.Option("--audio", help="A recording: WAV, FLAC, MP3, OGG, M4A …")],
    out: Annotated[Path, typer.Option("--out", help="The video to write, an .mp4 file.")],
    avatar: AvatarOption = None,
    image: Annotated[
        Path | None, typer.Option("--image", help="A picture of a face, in place of an avatar: nothing is installed.")
    ] = None,
    face: Annotated[int | None, typer.Option("--face", help="Which face of the picture, largest first.", min=1)] = None,
    engine: EngineOption = None,
    size: SizeOption = None,
    fps: FpsOption = None,
    seed: SeedOption = 1,
    streaming: Annotated[
        bool, typer.Option("--streaming", help="Move the face as it would live, without hearing ahead.")
    ] = False,
    still: Annotated[bool, typer.Option("--still", help="Keep the head nearly still.")] = False,
    camera: Annotated[
        Literal["front", "orbit", "stereo"],
        typer.Option("--camera", help="From where: straight on, going round, or a pair side by side (gaussian people)."),
    ] = "front",
) -> None:
    """A talking video from a file.

    [dim]visavis render --audio speech.wav --avatar milo --out milo.mp4
    visavis render --audio speech.wav --image face.jpg --out face.mp4[/]
    """
    from visavis.audio.files import load_audio
    from visavis.session.offline import calmer, faces_of_recording, render_recording
    from visavis.settings import load_settings
    from visavis.transports.mp4 import Mp4Writer
    from visavis.types import SPEECH_HZ

    settings = load_settings(avatar=avatar, engine=engine, size=size, fps=fps)
    check_target(out)
    sound = load_audio(audio, SPEECH_HZ)
    if image is None and face is not None:
        raise BadInput("--face says which face of a picture.", mend="Give the picture with --image.")
    if image is not None and camera != "front":
        raise BadInput("A picture is drawn from the front alone.", mend="Leave --camera out.")
    if image is not None and (avatar is not None or engine not in {None, "portrait"}):
        raise BadInput("--image takes the place of --avatar, and only the portrait engine draws it.", mend="Leave one out.")
    drawn_by, title, gains = _of_avatar(settings, camera) if image is None else _of_picture(settings, image, face)
    with (
        progress_bar() as report,
        Mp4Writer(out, width=drawn_by.width, height=drawn_by.height, fps=settings.fps, rate_hz=SPEECH_HZ) as writer,
    ):
        report("listening", 0.0)
        motion = list(faces_of_recording(sound, fps=settings.fps, seed=seed, gains=gains, streaming=streaming))
        if still:
            motion = [calmer(frame) for frame in motion]
        report("listening", 1.0)
        render_recording(sound, drawn_by, writer, motion, fps=settings.fps, progress=lambda part: report("drawing", part))
    drawn_by.close()
    console.print(f"  {out}: {len(motion) / settings.fps:.1f} s of {title}")


def _of_avatar(settings: Settings, camera: Literal["front", "orbit", "stereo"]) -> tuple[Engine, str, dict[str, float]]:
    """Engine, whom it shows, gains."""
    from visavis.cli.setup import prepare
    from visavis.session.faces import InstalledFaces

    prepare(settings, [settings.avatar])
    faces = InstalledFaces(settings.home, settings.cache)
    person = faces.avatar(settings.avatar)
    return faces.engine(person, settings.engine, settings.size, shot=camera), person.title, dict(person.gains)


def _of_picture(settings: Settings, image: Path, face: int | None) -> tuple[Engine, str, dict[str, float]]:
    """The same for a picture that is used once."""
    from visavis.engines.portrait import PortraitEngine
    from visavis.engines.portrait.create import portrait_of

    options = {} if face is None else {"face": str(face)}
    with progress_bar() as report:
        portrait, remarks = portrait_of(image, options, settings.cache, report)
    for remark in (*remarks, RIGHTS):
        console.print(f"  {remark}")
    return PortraitEngine(portrait, size=settings.size), image.stem, {}
