"""`visavis render`: a talking video from a recording."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import numpy as np
import typer

from visavis.cli.options import AvatarOption, EngineOption, FpsOption, SeedOption, SizeOption
from visavis.cli.progress import console, progress_bar
from visavis.cli.targets import check_target
from visavis.errors import BadInput

if TYPE_CHECKING:
    from visavis.settings import Settings
    from visavis.types import I16, Engine, FaceFrame


class MouthFrom(StrEnum):
    PERFORMER = "performer"
    SPEECH = "speech"


RIGHTS: Final = "Use pictures only of those who agreed; the video is marked as made by AI."


def render(
    out: Annotated[Path, typer.Option("--out", help="The video to write, an .mp4 file.")],
    audio: Annotated[Path | None, typer.Option("--audio", help="A recording: WAV, FLAC, MP3, OGG, M4A …")] = None,
    motion: Annotated[
        Path | None, typer.Option("--motion", help="Follow a take, a Live Link Face CSV, with or without a recording.")
    ] = None,
    drive: Annotated[Path | None, typer.Option("--drive", help="Follow the face in a video, heard with its own sound.")] = None,
    mouth: Annotated[
        MouthFrom, typer.Option("--mouth", help="Whose is the mouth where a take or a face is followed and there is speech.")
    ] = MouthFrom.PERFORMER,
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
    visavis render --audio speech.wav --image face.jpg --out face.mp4
    visavis render --motion take.csv --out take.mp4
    visavis render --drive me.mp4 --avatar nova --out nova.mp4[/]
    """
    from visavis.audio.files import load_audio
    from visavis.session.offline import calmer, render_recording
    from visavis.settings import load_settings
    from visavis.transports.mp4 import Mp4Writer
    from visavis.types import SPEECH_HZ

    settings = load_settings(avatar=avatar, engine=engine, size=size, fps=fps)
    check_target(out)
    if (audio, motion, drive) == (None, None, None):
        raise BadInput("There is nothing to render.", mend="Give --audio, --motion or --drive.")
    if motion is not None and drive is not None:
        raise BadInput("--motion and --drive both move the face.", mend="Leave one out.")
    sound = load_audio(audio, SPEECH_HZ) if audio is not None else None
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
        take: list[FaceFrame] | None = None
        if motion is not None:
            from visavis.motion.live_link_csv import read_live_link_csv

            take = read_live_link_csv(motion)
        elif drive is not None:
            from visavis.session.driving import faces_of_video

            take = faces_of_video(drive, settings.cache, lambda part: report("looking at the face", part))
            sound = sound if sound is not None else sound_of_video(drive)
        report("listening", 0.0)
        faces = _faces(take, sound, fps=settings.fps, seed=seed, gains=gains, streaming=streaming, mouth=mouth)
        if still:
            faces = [calmer(frame) for frame in faces]
        report("listening", 1.0)
        heard = sound if sound is not None else np.zeros(0, np.int16)
        render_recording(heard, drawn_by, writer, faces, fps=settings.fps, progress=lambda part: report("drawing", part))
    drawn_by.close()
    console.print(f"  {out}: {len(faces) / settings.fps:.1f} s of {title}")


def sound_of_video(path: Path) -> I16 | None:
    """int16 [n] at `SPEECH_HZ`; None where the video has no sound."""
    from visavis.audio.files import load_audio
    from visavis.types import SPEECH_HZ

    try:
        return load_audio(path, SPEECH_HZ)
    except BadInput:
        return None


def _faces(
    take: list[FaceFrame] | None, sound: I16 | None, *, fps: int, seed: int, gains: dict[str, float], streaming: bool,
    mouth: MouthFrom,
) -> list[FaceFrame]:  # fmt: skip
    """What the face does: as the recording is spoken, as the take is played, or both."""
    from visavis.session.offline import faces_of_recording
    from visavis.session.takes import faces_of_take
    from visavis.types import SPEECH_HZ

    if take is None:
        assert sound is not None
        return list(faces_of_recording(sound, fps=fps, seed=seed, gains=gains, streaming=streaming))
    spoken = sound if mouth is MouthFrom.SPEECH else None
    least_s = len(sound) / SPEECH_HZ if sound is not None else 0.0
    return list(faces_of_take(take, spoken, fps=fps, seed=seed, gains=gains, least_s=least_s))


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
