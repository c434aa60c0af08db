import asyncio
import os
import signal
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT

from visavis.audio.level import rms_dbfs
from visavis.errors import BadSettings, Unavailable
from visavis.types import SPEECH_HZ, TICKS_HZ
from visavis.voice.espeak import GAP_S, EspeakTTS
from visavis.voice.espeak_process import EspeakProcess, Voicing
from visavis.voice.espeak_speech import CEILING, gain_for, levelled, sentence_of
from visavis.voice.timed import TimedWord

TEXT = "Hello there, I was well-known in 2024!"


async def test_words_and_phones_cover_the_sentence_in_order() -> None:
    process = EspeakProcess()
    try:
        spoken = await process.say(TEXT, Voicing("en-us+f3"))
    finally:
        await process.aclose()
    sentence = sentence_of(TEXT, spoken, 1.0)
    assert [word.text for word in sentence.words] == TEXT.split()
    assert [TEXT[word.offset :].split(maxsplit=1)[0] for word in sentence.words] == TEXT.split()
    end = len(sentence.samples) * TICKS_HZ // SPEECH_HZ
    for cues in (sentence.words, sentence.phones):
        assert all(a.end_ticks == b.t_ticks for a, b in pairwise(cues))
        assert all(cue.t_ticks < cue.end_ticks for cue in cues)
        assert abs(cues[-1].end_ticks - end) <= 2
    assert len(sentence.samples) == round(len(spoken.samples) * SPEECH_HZ / spoken.rate_hz)


async def test_phones_are_plain_ipa_with_the_stress_beside_them() -> None:
    voice = EspeakTTS()
    try:
        sentence = await voice.say("Wonderful, about communication.")
    finally:
        await voice.aclose()
    assert any(phone.stress == 2 for phone in sentence.phones)
    assert any(phone.stress == 1 for phone in sentence.phones)
    assert any(not phone.ipa for phone in sentence.phones)
    assert not any(mark in phone.ipa for phone in sentence.phones for mark in "ˈˌ ")
    assert all(phone.stress == 0 for phone in sentence.phones if not phone.ipa)


@pytest.mark.parametrize("voice", ["en-us+f3", "en-us+m3", "en-gb", "de+f2", "fr", "es", "it", "ja", "cmn"])
async def test_voices_have_one_level_and_never_clip(voice: str) -> None:
    texts = {"ja": "こんにちは、お元気ですか。", "cmn": "你好，今天天气很好。"}
    tts = EspeakTTS(Voicing(voice))
    try:
        sentence = await tts.say(texts.get(voice, "Banana, Papa, Amsterdam, Telefon, Radio und Musik."))
    finally:
        await tts.aclose()
    loud = sentence.samples[np.abs(sentence.samples) > 100]
    assert -24.0 < rms_dbfs(loud) < -15.0
    assert np.abs(sentence.samples).max() <= CEILING * 32767 + 1
    assert len(sentence.words) >= 1
    assert len(sentence.phones) > 8


def test_levelling_is_exact_below_the_knee_and_bent_above() -> None:
    quiet = np.arange(-8000, 8000, 7, np.int16)
    assert np.abs(levelled(quiet, 1.0).astype(int) - quiet).max() <= 1
    loud = levelled(np.array([-32768, 32767], np.int16), 20.0)
    assert np.abs(loud.astype(int)).max() <= CEILING * 32768
    rising = levelled(np.arange(0, 32767, 50, np.int16), 3.0)
    assert (np.diff(rising.astype(int)) >= 0).all()
    assert gain_for(np.zeros(22_050, np.int16)) == 1.0


async def test_a_killed_process_is_replaced_and_the_sentence_asked_again() -> None:
    process = EspeakProcess()
    try:
        first = await process.say(TEXT, Voicing())
        pid = process.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)  # so that it dies in the middle of the next request
        asking = asyncio.create_task(process.say(TEXT, Voicing()))
        await asyncio.sleep(0.05)
        os.kill(pid, signal.SIGKILL)
        again = await asking
        assert (again.samples == first.samples).all()
        assert process.restarts == 1
        assert process.pid not in (None, pid)
    finally:
        await process.aclose()


async def test_cancelling_leaves_the_process_usable_and_closing_ends_it() -> None:
    process = EspeakProcess()
    await process.say("One.", Voicing())
    asking = asyncio.create_task(process.say("Two, three, four, five. " * 20, Voicing()))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert len((await process.say("One.", Voicing())).samples) > 1000
    pid = process.pid
    assert pid is not None
    await process.aclose()
    await process.aclose()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(Unavailable, match="closed"):
        await process.say("One.", Voicing())


async def test_an_unknown_voice_is_told() -> None:
    process = EspeakProcess()
    try:
        with pytest.raises(BadSettings, match="no voice 'xx-nobody'"):
            await process.say("Hello.", Voicing("xx-nobody"))
        assert len((await process.say("Hello.", Voicing())).samples) > 1000
    finally:
        await process.aclose()


async def test_the_stream_speaks_sentence_by_sentence_with_exact_times() -> None:
    tts = EspeakTTS()
    text = "First one. And a second, longer one! (Third)"
    try:
        stream = tts.stream()
        for token in text.split(" "):
            stream.push_text(token + " ")
        stream.end_input()
        frames = [event.frame async for event in stream]
        await stream.aclose()
        alone = await tts.say("First one.")
    finally:
        await tts.aclose()
    samples = np.concatenate([np.frombuffer(frame.data, np.int16) for frame in frames])
    # eSpeak is not the same to the sample twice, so: the gap, a little way in
    assert not samples[len(alone.samples) + 50 :][: round(GAP_S * SPEECH_HZ) - 100].any()
    timed = [word for frame in frames for word in frame.userdata.get(USERDATA_TIMED_TRANSCRIPT, [])]
    assert all(isinstance(word, TimedWord) for word in timed)
    words = [word.word for word in timed if word.word is not None]
    assert [word.text for word in words] == text.split()
    assert all(text[word.offset :].startswith(word.text) for word in words)
    phones = [phone for word in timed for phone in word.phones]
    assert all(a.end_ticks <= b.t_ticks for a, b in pairwise(phones))
    assert all(abs(a.t_ticks - b.t_ticks) < 100 for a, b in zip(words[:2], alone.words, strict=True))
    assert abs(words[2].t_ticks - (len(alone.samples) + round(GAP_S * SPEECH_HZ)) * 2) < 1000  # after the pause


@pytest.mark.parametrize("text", ["...", "—", "  ", "!?"])
async def test_text_without_words_is_no_error(text: str) -> None:
    tts = EspeakTTS()
    try:
        stream = tts.stream()
        stream.push_text(text)
        stream.end_input()
        assert sum(event.frame.duration for event in [event async for event in stream]) < 0.5
        await stream.aclose()
    finally:
        await tts.aclose()


async def test_a_very_long_text_comes_in_bounded_pieces() -> None:
    tts = EspeakTTS()
    try:
        stream = tts.stream()
        stream.push_text("word " * 400)
        stream.end_input()
        first = await anext(stream)
        assert first.frame.duration <= 0.25
        await stream.aclose()
    finally:
        await tts.aclose()


def test_the_gpl_stays_in_its_process() -> None:
    code = (
        "import sys, visavis.voice.espeak, visavis.voice.conversation, visavis.voice.parts\n"
        "print([m for m in sys.modules if 'espeakng' in m or 'espeak_worker' in m or 'pocketsphinx' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
