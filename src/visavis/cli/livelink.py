"""`visavis livelink`: Live Link Face from iPhones, to Unreal, and as CSV."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from visavis.cli.options import SeedOption
from visavis.cli.progress import console
from visavis.cli.targets import check_target
from visavis.errors import BadInput
from visavis.live_link import PORT, RATE_HZ

if TYPE_CHECKING:
    from visavis.transports.livelink.sender import LiveLinkSender
    from visavis.transports.livelink.subjects import Received, Subjects
    from visavis.types import FaceFrame

CALIBRATE_S: Final = 2.0
ToOption = Annotated[
    list[str], typer.Option("--to", help="Where to; may be repeated. Port 11111 by default.", metavar="HOST[:PORT]")
]
SubjectOption = Annotated[str, typer.Option("--subject", help="The name that Unreal lists.", metavar="NAME")]
TakeArgument = Annotated[Path, typer.Argument(help="A Live Link Face CSV.", metavar="TAKE")]

livelink = typer.Typer(help="Live Link Face: from iPhones, to Unreal, and as CSV.", no_args_is_help=True)


@livelink.command()
def receive(
    port: Annotated[int, typer.Option("--port", help="UDP port; the app's default is 11111.", min=0, max=65535)] = PORT,
    host: Annotated[str, typer.Option("--host", help="Address to listen on; by default all of this machine's.")] = "0.0.0.0",  # noqa: S104
    subject: Annotated[str | None, typer.Option("--subject", help="Only this performer.", metavar="NAME")] = None,
    record: Annotated[Path | None, typer.Option("--record", help="Write a take, as the app does.", metavar="CSV")] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Take the first two seconds as the performer's resting face, and keep it.")
    ] = False,
    seconds: Annotated[float | None, typer.Option("--seconds", help="End by itself after so long.", min=0.1)] = None,
) -> None:
    """See who sends Live Link Face to this machine, record it, calibrate performers. Ctrl-C ends it.

    [dim]visavis livelink receive --record take.csv
    visavis talk --livelink 11111:iPhone   (to drive an avatar)[/]
    """
    from visavis.session.takes import TakeRecorder

    if record is not None:
        check_target(record)
    faces: dict[str, list[FaceFrame]] = {}

    def keep(received: Received) -> None:
        mine = faces.setdefault(received.subject.name, [])
        if len(mine) < CALIBRATE_S * RATE_HZ and subject in {None, received.subject.name}:
            mine.append(received.sample.face(received.source_ticks))

    if record is None:
        asyncio.run(_listen(host, port, keep, seconds))
    else:
        with TakeRecorder(record, only=subject) as recorder:

            def keep_and_record(received: Received) -> None:
                keep(received)
                recorder.take(received)

            asyncio.run(_listen(host, port, keep_and_record, seconds))
            rows = recorder.files()
        for path, count in rows.items():
            console.print(f"  {path}: {count} rows")
        if not rows:
            raise BadInput("Nobody sent a face; nothing was written.", mend=f"Point the app to this machine, UDP port {port}.")
    if calibrate:
        _calibrate({name: mine for name, mine in faces.items() if mine})


@livelink.command()
def send(
    to: ToOption,
    audio: Annotated[
        Path | None, typer.Option("--audio", help="A recording to say; without it a live conversation is started.")
    ] = None,
    drive: Annotated[
        str | None,
        typer.Option("--drive", help="Your own face instead: a camera's number, or a video.", metavar="CAMERA|VIDEO"),
    ] = None,
    subject: SubjectOption = "visavis",
    play: Annotated[bool, typer.Option("--play", help="Play the recording here meanwhile.")] = False,
    delay_ms: Annotated[int, typer.Option("--delay-ms", help="Faces later than the sound by this.", min=0, max=2000)] = 0,
    seed: SeedOption = 1,
) -> None:
    """Make a MetaHuman, or anything else that takes Live Link Face, talk: at 60 Hz, with the timing of the sound.

    [dim]visavis livelink send --to 192.168.1.20 --audio speech.wav
    visavis livelink send --to 192.168.1.20:11111 --to 192.168.1.21   (a conversation)
    visavis livelink send --to 127.0.0.1 --drive 0   (your face, to `visavis talk --livelink 11111`)[/]
    """
    from visavis.settings import load_settings

    if drive is not None:
        if audio is not None or play:
            raise BadInput("--drive takes no sound with it.", mend="Leave --audio and --play out.")
        _send_driven(drive, to, subject)
        return
    if audio is None:
        if play:
            raise BadInput("--play is for a recording.", mend="Give one with --audio; a conversation is heard on its page.")
        from visavis.cli.serve import run

        settings = load_settings(livelink_to=to, livelink_subject=subject, livelink_delay_ms=delay_ms)
        run(settings, open_page=True, verbose=False)
        return
    from visavis.audio.files import load_audio
    from visavis.session.offline import faces_of_recording
    from visavis.types import SPEECH_HZ

    with _sending(to) as sender:
        sound = load_audio(audio, SPEECH_HZ)
        console.print("  [dim]listening …[/]")
        faces = list(faces_of_recording(sound, fps=RATE_HZ, seed=seed))
        from visavis.cli.player import playing

        if play:
            with playing(sound):
                count = asyncio.run(_send_faces(faces, subject, sender, delay_ms))
        else:
            count = asyncio.run(_send_faces(faces, subject, sender, delay_ms))
        console.print(f"  {count} faces as {subject!r} to {', '.join(to)}{_dropped(sender)}")


@livelink.command()
def replay(
    take: TakeArgument,
    to: ToOption,
    subject: SubjectOption = "visavis",
    loop: Annotated[bool, typer.Option("--loop", help="Again and again, until Ctrl-C.")] = False,
) -> None:
    """Send a take as the app would have sent it: every value and every timecode as recorded, at its own pace.

    [dim]visavis livelink replay take.csv --to 127.0.0.1[/]
    """
    import uuid

    from visavis.clock import MonotonicClock
    from visavis.motion.live_link_csv import read_live_link_samples
    from visavis.session.takes import send_samples

    samples = read_live_link_samples(take)
    with _sending(to) as sender:
        device_id = str(uuid.uuid4()).upper()
        sending = send_samples(samples, sender, MonotonicClock(), subject=subject, device_id=device_id, loop=loop)
        try:
            count = asyncio.run(sending)
        except KeyboardInterrupt:
            count = sender.sent // len(to)
        console.print(f"  {count} packets as {subject!r} to {', '.join(to)}{_dropped(sender)}")


@livelink.command()
def convert(
    take: TakeArgument,
    out: Annotated[Path, typer.Option("--out", help="The CSV to write.")],
    fps: Annotated[int, typer.Option("--fps", help="Frames a second: 24, 25, 30, 50 or 60.", min=1, max=240)] = RATE_HZ,
    performer: Annotated[
        str | None, typer.Option("--performer", help="Calibrate with what `receive --calibrate` kept.", metavar="NAME")
    ] = None,
) -> None:
    """A take at another frame rate, calibrated where that is wanted.

    [dim]visavis livelink convert take.csv --fps 30 --performer iPhone --out take30.csv[/]
    """
    from visavis.motion.live_link_csv import read_live_link_csv, write_live_link_csv
    from visavis.motion.performers import load_performer, performer_path
    from visavis.session.takes import resampled
    from visavis.settings import load_settings
    from visavis.types import TICKS_HZ

    if TICKS_HZ % fps:
        raise BadInput(f"{fps} frames a second do not fit.", mend="Take 24, 25, 30, 50 or 60.")
    faces = read_live_link_csv(take)
    check_target(out)
    if performer is not None:
        home = load_settings().home
        if not performer_path(home, performer).is_file():
            raise BadInput(
                f"{performer} is not calibrated.", mend=f"visavis livelink receive --calibrate --subject {performer!r}"
            )
        calibration = load_performer(home, performer)
        faces = [calibration.apply(face) for face in faces]
    count = write_live_link_csv(out, resampled(faces, fps), rate_hz=fps)
    console.print(f"  {out}: {count} frames at {fps} fps")


async def _listen(host: str, port: int, on_face: Callable[[Received], None], seconds: float | None) -> None:
    """Until the time is over, or Ctrl-C; a line a second says who sends and how well it comes."""
    from visavis.clock import MonotonicClock
    from visavis.transports.livelink.receiver import LiveLinkReceiver

    receiver = LiveLinkReceiver(MonotonicClock(), on_face)
    bound = await receiver.open(host, port)
    console.print(f"  listening on UDP port {bound}   [dim]Ctrl-C ends it.[/]")
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + seconds if seconds is not None else float("inf")
    try:
        with console.status("nobody sends yet") as status:
            while loop.time() < ends_s:
                await asyncio.sleep(min(1.0, max(0.0, ends_s - loop.time())))
                status.update(_summary(receiver.subjects) or "nobody sends yet")
    except asyncio.CancelledError:
        pass  # Ctrl-C: what was received is kept
    finally:
        await receiver.aclose()
    console.print(f"  {_summary(receiver.subjects) or 'nobody sent'}")


def _summary(subjects: Subjects) -> str:
    parts = [
        f"{subject.name}: {subject.packets} packets, {subject.lost} lost, {subject.reordered} overtaken"
        + (f", {subject.without_face} without a face" if subject.without_face else "")
        for subject in subjects
    ]
    if subjects.malformed:
        parts.append(f"{subjects.malformed} datagrams were no packets and were dropped")
    return " · ".join(parts)


def _calibrate(faces: dict[str, list[FaceFrame]]) -> None:
    from visavis.motion.performers import Performer, load_performer, save_performer
    from visavis.settings import load_settings

    home = load_settings().home
    if not faces:
        raise BadInput("Nobody sent a face; nobody was calibrated.", mend="Point the app to this machine and try again.")
    for name, mine in faces.items():
        path = save_performer(home, name, Performer.at_rest(mine, load_performer(home, name).gains))
        console.print(f"  {name} is calibrated: {path}")


async def _send_faces(faces: Sequence[FaceFrame], subject: str, sender: LiveLinkSender, delay_ms: int) -> int:
    from visavis.clock import MonotonicClock
    from visavis.session.takes import send_faces
    from visavis.transports.livelink.sender import LiveLinkSubject
    from visavis.types import ticks_from_s

    return await send_faces(faces, LiveLinkSubject(subject, sender), MonotonicClock(), from_ticks=ticks_from_s(delay_ms / 1000))


def _send_driven(source: str, to: Sequence[str], subject: str) -> None:
    from visavis.session.driving import live_faces
    from visavis.settings import load_settings
    from visavis.transports.livelink.sender import LiveLinkSubject

    with _sending(to) as sender:
        performer, count = LiveLinkSubject(subject, sender), 0
        console.print("  [dim]Ctrl-C ends it.[/]")
        try:
            for face in live_faces(source, load_settings().cache):
                performer.send(face)
                count += 1
        except KeyboardInterrupt:
            pass
        console.print(f"  {count} faces as {subject!r} to {', '.join(to)}{_dropped(sender)}")


def _sending(to: Sequence[str]) -> LiveLinkSender:
    from visavis.transports.livelink.sender import LiveLinkSender, Target

    return LiveLinkSender([Target.parse(target) for target in to])


def _dropped(sender: LiveLinkSender) -> str:
    return f"; {sender.dropped} were not taken" if sender.dropped else ""
