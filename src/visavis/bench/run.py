"""The order of measuring: one engine, one avatar, one size after another; every part says what it is doing.

Drawing, controls and creating run in this process with nothing beside them; everything with a viewer runs against a server
process (`bench.host`): first exactly the product, then one whose pictures carry stamps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from visavis.bench import audio_to_frame, av_sync, controls, drawing, interrupt, load, response, starting, turn
from visavis.bench.ear import Ear
from visavis.bench.glass import Glass
from visavis.bench.host import Host, HostOptions, serving
from visavis.bench.microphone import RecordedMicrophone
from visavis.bench.row import Row
from visavis.bench.sessions import FPS as SESSIONS_FPS
from visavis.bench.sessions import most_sessions, try_sessions
from visavis.bench.speech_sample import SpeechSample, speak
from visavis.bench.statistics import spread
from visavis.bench.subject import Report, Subject
from visavis.session.capacity import MOTION_HZ, Capacity, Cost, measure_motion_cost
from visavis.settings import Settings
from visavis.testing.viewer import watching
from visavis.types import I16

GREETING_WITHIN_S: Final = 10.0


@dataclass(frozen=True)
class Plan:
    """How much is measured. Times are counts of repetitions."""

    frames: int
    audio_s: float
    first_frames: int
    responses: int
    turns: int
    interrupts: int
    load_s: float
    flashes_s: float
    drift_s: float | None = None
    sessions_s: float | None = None
    create: bool = False


FULL: Final = Plan(600, 12.0, 5, 20, 10, 20, 15.0, 40.0, drift_s=630.0, sessions_s=60.0, create=True)
QUICK: Final = Plan(300, 3.0, 2, 4, 2, 4, 3.0, 6.5)
"""Under a minute; drift, the crowd and making a person anew each take longer than that alone."""


def measure(subject: Subject, settings: Settings, avatar: str, plan: Plan, *, recording: Path | None, report: Report) -> Row:
    """Every figure of one engine's row. Raises Unavailable where a part it needs cannot run here."""
    if subject.draw == "viewer":
        return measure_motion(subject, settings, avatar, plan, report=report)
    row = Row(subject.engine, avatar, settings.size)
    subject.prepare(settings, avatar, report)
    sample = speak()
    report("drawing", 0.0)
    cost = _draw(subject, settings, plan, sample, row)
    report("drawing", 1.0)
    said = turn.utterance(recording)
    options = HostOptions(
        home=str(settings.home), cache=str(settings.cache), engine=subject.engine, avatar=avatar, size=settings.size,
        fps=settings.fps,
    )  # fmt: skip
    report("a conversation", 0.0)
    with serving(options) as host:
        asyncio.run(_converse(host, plan, said, row, lambda part: report("a conversation", part)))
    report("pictures and sound at the viewer", 0.0)
    with serving(replace(options, stamped=True)) as host:
        asyncio.run(_watch(host, plan, row, lambda part: report("pictures and sound at the viewer", part)))
    if plan.sessions_s is not None:
        promised = Capacity([cost], fps=SESSIONS_FPS).limit
        with serving(replace(options, fps=SESSIONS_FPS, unlimited=True)) as host:
            _crowd(host, promised, plan.sessions_s, row, lambda part: report("sessions at once", part))
    if plan.create and subject.realism is not None:
        row.realism = subject.realism(settings, report)
    if plan.create:
        report("making the person anew", 0.0)
        row.create_s = starting.measure_create(subject, settings, avatar)
        report("making the person anew", 1.0)
    return row


def measure_motion(subject: Subject, settings: Settings, avatar: str, plan: Plan, *, report: Report) -> Row:
    """A row where viewers draw: what sound and motion cost here, and how many sessions of it there may be."""
    row = Row(subject.name, avatar, settings.size, fps=float(MOTION_HZ))
    subject.prepare(settings, avatar, report)
    options = HostOptions(
        home=str(settings.home), cache=str(settings.cache), engine=subject.engine, avatar=avatar, size=settings.size, fps=settings.fps,
    )  # fmt: skip
    report("sound and motion", 0.0)
    with serving(options) as host:
        row.cold_start_s = asyncio.run(starting.measure_cold_start(host, draw="viewer"))
        taken = asyncio.run(load.measure_load(host, seconds=plan.load_s, draw="viewer"))
    row.cores, row.memory_mb, row.kbps = taken.cores, taken.memory_mb, taken.kbps
    row.core_ms_per_frame = measure_motion_cost().frame_core_ms
    report("sound and motion", 1.0)
    if plan.sessions_s is not None:
        promised = Capacity([Cost(0.0, 0.0)], fps=SESSIONS_FPS, motion=measure_motion_cost()).viewer_limit
        with serving(replace(options, unlimited=True)) as host:
            seconds = plan.sessions_s
            _crowd(host, promised, seconds, row, lambda part: report("sessions at once", part), draw="viewer")
    row.notes.append("the picture is drawn and timed by the viewer; frames are of motion, 140 bytes each")
    row.notes.append(
        "what limits it: one event loop packs 60 frames of motion and 50 of sound a second for each session in Python"
    )
    return row


def measure_drawing_only(subject: Subject, settings: Settings, avatar: str, plan: Plan, *, report: Report) -> Row:
    """The figures that depend on the picture's size alone: for `--sizes`."""
    row = Row(subject.engine, avatar, settings.size)
    subject.prepare(settings, avatar, report)
    _draw(subject, settings, replace(plan, audio_s=0.0), speak(), row, with_controls=False)
    row.notes.append("only drawing and encoding were measured at this size")
    return row


def _draw(
    subject: Subject, settings: Settings, plan: Plan, sample: SpeechSample, row: Row, *, with_controls: bool = True
) -> Cost:
    faces = subject.faces(settings)
    engine = faces.engine(faces.avatar(row.avatar), subject.engine, settings.size)
    talking = drawing.talking_faces(sample, fps=settings.fps, count=plan.frames)
    try:
        drawn = drawing.measure_drawing(engine, talking)
        row.frame_ms, row.fps = drawn.spread, drawn.fps
        row.core_ms_per_frame, row.core_ms_draw, row.core_ms_encode = drawn.core_ms, drawn.core_ms_draw, drawn.core_ms_encode
        if plan.audio_s:
            measuring = audio_to_frame.measure_audio_to_frame(engine, sample, fps=settings.fps, seconds=plan.audio_s)
            row.audio_to_frame_ms = spread(asyncio.run(measuring))
        if with_controls:
            row.controls = controls.measure_controls(controls.luma_of(engine), controls.emotional_faces()).to_json()
    finally:
        engine.close()
    return Cost(drawn.core_ms_draw, drawn.core_ms_encode)


async def _converse(host: Host, plan: Plan, said: I16, row: Row, part: Callable[[float], None]) -> None:
    """On the product as it is: starting, load, replies to text and to speech."""
    row.cold_start_s = await starting.measure_cold_start(host)
    part(0.1)
    taken = await load.measure_load(host, seconds=plan.load_s)
    row.cores, row.memory_mb, row.kbps = taken.cores, taken.memory_mb, taken.kbps
    part(0.3)
    row.first_frame_ms = await starting.measure_first_frame(host, times=plan.first_frames)
    part(0.4)
    microphone = RecordedMicrophone()
    async with host.client() as server, watching(server, microphone=microphone) as viewer:
        viewer.keep_luma = False
        ear = Ear(viewer)
        await ear.loud_now(GREETING_WITHIN_S)
        row.response_ms = spread(await response.measure_response(viewer, ear, times=plan.responses))
        part(0.7)
        row.turn_ms = spread(await turn.measure_turn(viewer, ear, microphone, said, times=plan.turns))
    part(1.0)


async def _watch(host: Host, plan: Plan, row: Row, part: Callable[[float], None]) -> None:
    """With stamped pictures: glass to glass, interruptions, sound against picture."""
    async with host.client() as server:
        async with watching(server) as viewer:
            ear, glass, witness = Ear(viewer), Glass(viewer), av_sync.Witness(viewer)
            await ear.loud_now(GREETING_WITHIN_S)
            row.interrupt_ms = spread(await interrupt.measure_interrupt(viewer, ear, glass, times=plan.interrupts))
            row.glass_ms = spread(glass.values_ms)
            part(0.5)
            seen = await av_sync.measure_av_sync(viewer, witness, seconds=plan.drift_s or plan.flashes_s)
        row.av_offset_ms, row.av_arrival_ms, row.av_drift_ms_per_h = seen.offset, seen.arrival, seen.drift_ms_per_h
    part(1.0)


def _crowd(host: Host, promised: int, seconds: float, row: Row, part: Callable[[float], None], *, draw: str = "server") -> None:
    row.sessions, trials = most_sessions(promised, lambda count: try_sessions(host, count, seconds, draw=draw))
    row.notes += [f"{t.sessions} sessions: {t.fps:.1f} fps, gap p95 {t.gap_ms_p95:.0f} ms in the worst" for t in trials]
    row.notes.append("sessions: viewers that receive and decrypt but do not decode ran on the same cores")
    part(1.0)
