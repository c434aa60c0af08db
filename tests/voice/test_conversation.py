import asyncio
import gc
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable

import numpy as np
import psutil
import pytest

from visavis.errors import BadSettings, Busy, Unavailable
from visavis.settings import Settings
from visavis.testing.conversing import MILO, NOVA, RememberingListener, speak_into
from visavis.testing.speech_sink import RecordingSink
from visavis.types import (
    I16,
    SPEECH_HZ,
    AgentState,
    AudioChunk,
    Emotion,
    EmotionCue,
    GestureCue,
    PhoneCue,
    WordCue,
    ticks_from_samples,
)
from visavis.voice.conversation import MAX_WAITING, Conversation
from visavis.voice.sphinx import SphinxSTT
from visavis.voice.worker_process import WorkerProcess


def make(sink: RecordingSink, listener: RememberingListener, **settings: object) -> Conversation:
    conversation = Conversation(Settings(**{"stt": "none", **settings}), sink, persona=NOVA, listener=listener)
    listener.on_wish = lambda name: conversation.become(MILO if name == "milo" else NOVA)
    return conversation


@pytest.fixture
async def sink() -> RecordingSink:
    return RecordingSink(speed=10.0)


@pytest.fixture
async def conversation(sink: RecordingSink, listener: RememberingListener) -> AsyncIterator[Conversation]:
    conversation = make(sink, listener)
    await conversation.start(greet=False)
    yield conversation
    await conversation.aclose()


async def test_typed_text_is_answered_with_timed_speech(
    conversation: Conversation, sink: RecordingSink, listener: RememberingListener
) -> None:
    await conversation.chat("show me your emotions")
    heard = await sink.wait_for_end(1)
    words, phones, emotions = heard.cues(WordCue), heard.cues(PhoneCue), heard.cues(EmotionCue)
    assert " ".join(word.text for word in words).startswith("This is happy. This is surprised!")
    assert all(chunk.phones_known and chunk.audio.rate_hz == SPEECH_HZ for chunk in heard.chunks)
    assert all(len(chunk.audio.samples) <= SPEECH_HZ // 25 for chunk in heard.chunks)
    at = 0
    for chunk in heard.chunks:  # gapless, from the utterance's first sample, and no cue later than its audio
        assert chunk.audio.t_ticks == at
        assert all(cue.t_ticks >= at - ticks_from_samples(SPEECH_HZ // 5, SPEECH_HZ) for cue in chunk.cues)
        at = chunk.audio.end_ticks
    assert phones[-1].end_ticks <= at + 2
    assert [cue.emotion for cue in emotions][:2] == [Emotion.HAPPY, Emotion.SURPRISED]
    starts = {word.t_ticks: word.text for word in words}
    assert all(cue.t_ticks in starts for cue in emotions)
    await asyncio.sleep(0.05)
    assert listener.states[-3:] == [AgentState.THINKING, AgentState.SPEAKING, AgentState.LISTENING]
    assert listener.said == [(1, " ".join(word.text for word in words), False)]
    assert listener.heard == ["show me your emotions"]


async def test_it_greets(sink: RecordingSink, listener: RememberingListener) -> None:
    conversation = make(sink, listener)
    try:
        await conversation.start()
        heard = await sink.wait_for_end(1)
        assert "script rather than a language model" in " ".join(word.text for word in heard.cues(WordCue))
        assert not conversation.language_model
    finally:
        await conversation.aclose()


async def test_only_what_was_heard_stays_in_the_conversation(listener: RememberingListener) -> None:
    sink = RecordingSink(speed=1.0)
    conversation = make(sink, listener)
    await conversation.start(greet=False)
    try:
        await conversation.chat("tell me a story")
        await sink.wait_for_start(1)
        await asyncio.sleep(0.9)
        conversation.interrupt()
        end = sink.last.end
        assert end is not None
        assert end.interrupted
        assert 0.5 < end.position_s < 1.5
        pushed = len(sink.last.chunks)
        await asyncio.sleep(0.2)
        assert len(sink.utterances) == 1
        assert len(sink.last.chunks) == pushed
        (number, text, interrupted) = listener.said[0]
        assert (number, interrupted) == (1, True)
        assert 1 <= len(text.split()) < 8
        assert "Once there was a voice that lived".startswith(text[:20])
        assert conversation.history == [("user", "tell me a story"), ("assistant", text)]
        await conversation.chat("what is my name")  # and it goes on
        assert (await sink.wait_for_start(2)).number == 2
    finally:
        await conversation.aclose()


async def test_typing_interrupts(conversation: Conversation, sink: RecordingSink) -> None:
    await conversation.chat("tell me a story")
    await sink.wait_for_start(1)
    await conversation.chat("wink")
    assert (await sink.wait_for_end(1)).end.interrupted  # type: ignore[union-attr]
    second = await sink.wait_for_end(2)
    assert "between us." in " ".join(word.text for word in second.cues(WordCue))
    assert len(second.cues(GestureCue)) == 1


async def test_interrupting_before_the_first_sample_and_when_nothing_is_said(
    conversation: Conversation, sink: RecordingSink
) -> None:
    conversation.interrupt()
    for _ in range(3):
        await conversation.chat("tell me a story")
        conversation.interrupt()
        await asyncio.sleep(0.01)
    await conversation.chat("wink")
    async with asyncio.timeout(10):
        while not (sink.utterances and sink.last.end is not None and not sink.last.end.interrupted):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert "between us." in " ".join(word.text for word in sink.last.cues(WordCue))


async def test_saying_a_text_with_tags(conversation: Conversation, sink: RecordingSink) -> None:
    await conversation.say("One [wink] two.")
    await conversation.say("[nod]")
    first = await sink.wait_for_end(1)
    two = next(word for word in first.cues(WordCue) if word.text == "two.")
    assert [cue.t_ticks for cue in first.cues(GestureCue)] == [two.t_ticks]
    second = await sink.wait_for_end(2)
    assert len(second.cues(GestureCue)) == 1
    assert not second.samples.any()
    await asyncio.sleep(0.05)
    for _ in range(MAX_WAITING):
        await conversation.say("again and again")
    with pytest.raises(Busy):
        await conversation.say("once more")
    conversation.interrupt()


async def test_another_person_answers_with_another_voice(
    conversation: Conversation, sink: RecordingSink, listener: RememberingListener
) -> None:
    await conversation.say("Same words.")
    nova = await sink.wait_for_end(1)
    await conversation.chat("can i talk to milo")
    arrived = await sink.wait_for_end(2)
    assert listener.wishes == ["milo"]
    assert "Milo here." in " ".join(word.text for word in arrived.cues(WordCue))
    await conversation.say("Same words.")
    milo = await sink.wait_for_end(3)
    assert len(nova.samples) != len(milo.samples)


async def test_a_killed_voice_comes_back_in_the_same_sentence(
    conversation: Conversation, sink: RecordingSink, listener: RememberingListener
) -> None:
    await conversation.say("First sentence.")
    await sink.wait_for_end(1)
    voices = [child for child in psutil.Process().children() if "espeak_worker" in " ".join(child.cmdline())]
    for voice in voices:
        os.kill(voice.pid, signal.SIGKILL)
    await conversation.say("Second sentence, whole.")
    heard = await sink.wait_for_end(2)
    assert " ".join(word.text for word in heard.cues(WordCue)) == "Second sentence, whole."
    assert listener.errors == []


async def test_a_voice_that_cannot_speak_is_told_and_the_conversation_goes_on(
    conversation: Conversation, sink: RecordingSink, listener: RememberingListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(WorkerProcess, "start", _cannot_start)
        for voice in [child for child in psutil.Process().children() if "espeak_worker" in " ".join(child.cmdline())]:
            voice.kill()
            await asyncio.to_thread(voice.wait)
        await conversation.say("Nobody hears this.")
        async with asyncio.timeout(10):
            while not listener.errors:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert str(listener.errors[0]) == "It does not start. Reinstall it."
    await conversation.say("But this.")
    heard = await sink.wait_for_end(1)
    assert " ".join(word.text for word in heard.cues(WordCue)) == "But this."


async def test_without_ears_one_can_still_type(
    sink: RecordingSink, listener: RememberingListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SphinxSTT, "warm_up", _no_ears)
    conversation = make(sink, listener, stt="pocketsphinx")
    await conversation.start(greet=False)
    try:
        conversation.hear(AudioChunk(0, 16_000, np.zeros(16_000, np.int16)))
        async with asyncio.timeout(10):
            while not listener.errors:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert "It does not load." in str(listener.errors[0])
        await conversation.chat("wink")
        assert (await sink.wait_for_end(1)).cues(GestureCue)
    finally:
        await conversation.aclose()


async def _no_ears(recogniser: SphinxSTT) -> None:
    raise Unavailable("It does not load.", mend="Reinstall it.")


async def _cannot_start(worker: WorkerProcess) -> bytes:
    await worker.end()
    raise Unavailable("It does not start.", mend="Reinstall it.")


async def test_two_conversations_never_mix() -> None:
    sinks = [RecordingSink(speed=10.0), RecordingSink(speed=10.0)]
    listeners = [RememberingListener(), RememberingListener()]
    both = [make(sink, listener) for sink, listener in zip(sinks, listeners, strict=True)]
    await asyncio.gather(*(one.start(greet=False) for one in both))
    try:
        await both[0].chat("my name is ada")
        await both[1].chat("my name is grace")
        await asyncio.gather(*(sink.wait_for_end(1) for sink in sinks))
        await asyncio.gather(*(one.chat("what is my name") for one in both))
        answers = [(await sink.wait_for_end(2)).cues(WordCue) for sink in sinks]
        texts = [" ".join(word.text for word in words) for words in answers]
        assert "Ada" in texts[0]
        assert "Grace" in texts[1]
        assert [len(sink.utterances) for sink in sinks] == [2, 2]
    finally:
        await asyncio.gather(*(one.aclose() for one in both))


async def test_speech_is_understood_and_answered(listener: RememberingListener, recording: Callable[..., I16]) -> None:
    sink = RecordingSink(speed=10.0)
    conversation = make(sink, listener, stt="pocketsphinx")
    await conversation.start(greet=False)
    try:
        await speak_into(conversation, recording("en_speechbrain_spk1_snt1.wav"))
        await sink.wait_for_end(1)
        assert "small dog" in listener.heard[0]
        assert len(listener.interim) >= 2
        assert len(listener.turn_ends) == 1
        assert conversation.history[0] == ("user", listener.heard[0])
    finally:
        await conversation.aclose()


@pytest.mark.parametrize("stt", ["pocketsphinx", "none"])
async def test_speaking_up_silences_the_agent(listener: RememberingListener, recording: Callable[..., I16], stt: str) -> None:
    sink = RecordingSink(speed=1.0)
    conversation = make(sink, listener, stt=stt)
    await conversation.start(greet=False)
    try:
        await conversation.chat("tell me a story")
        await sink.wait_for_start(1)
        await speak_into(conversation, recording("en_librivox_austen_0880.wav")[:24_000], silence_s=0.1)
        if stt == "none":  # nobody listens: the microphone changes nothing
            assert sink.utterances[0].end is None
            return
        end = sink.utterances[0].end
        assert end is not None
        assert end.interrupted
        assert end.position_s < 1.5
        assert listener.said[0][2]
    finally:
        await conversation.aclose()


def alive() -> set[psutil.Process]:
    """This process's children; other tests may keep some of their own."""
    return {child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE}


async def test_nothing_is_left_behind(recording: Callable[..., I16]) -> None:
    before = alive()

    async def whole_life() -> None:
        sink, listener = RecordingSink(speed=10.0), RememberingListener()
        conversation = make(sink, listener, stt="pocketsphinx")
        await conversation.start()
        await sink.wait_for_start(1)
        await speak_into(conversation, recording("en_speechbrain_spk1_snt1.wav")[:16_000], silence_s=0.0)
        await conversation.aclose()
        await conversation.aclose()

    await whole_life()
    tasks, threads = asyncio.all_tasks(), threading.active_count()
    await whole_life()
    gc.collect()
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == tasks == {asyncio.current_task()}
    assert threading.active_count() <= threads
    assert alive() <= before
    assert not [thing for thing in gc.get_objects() if type(thing) is Conversation]


async def test_a_microphone_that_floods_is_bounded(sink: RecordingSink, listener: RememberingListener) -> None:
    conversation = make(sink, listener, stt="pocketsphinx")
    await conversation.start(greet=False)
    for _ in range(2000):
        conversation.hear(AudioChunk(0, 16_000, np.zeros(1600, np.int16)))
    assert conversation.dropped_audio > 0
    await conversation.chat("hello")
    await sink.wait_for_end(1)
    await conversation.aclose()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"voice": "xx-nobody"}, "no voice"),
        ({"stt": "pocketsphinx", "language": "de"}, "English only"),
        ({"llm": "gpt"}, "means nothing"),
    ],
)
async def test_bad_settings_are_told_before_anything_starts(
    sink: RecordingSink, listener: RememberingListener, settings: dict[str, object], message: str
) -> None:
    conversation = make(sink, listener, **settings)
    with pytest.raises(BadSettings, match=message):
        await conversation.start()
    await conversation.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}
