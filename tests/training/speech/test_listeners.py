"""A listener's nods on two-person speech made from recordings of people."""

from __future__ import annotations

import json
from pathlib import Path

from tests import needs

from visavis.audio.files import load_audio
from visavis.motion.ipa import IPA_OF_ARPABET
from visavis.training.speech.listeners import nods_while_listening, two_person_talk
from visavis.training.speech.utterance import Utterance, phone


def _read(name: str) -> Utterance:
    aligned = json.loads(needs.shared(f"speech/align/{name}.phone.json").read_text(encoding="utf-8"))
    phones = tuple(phone(p["b"], p["b"] + p["d"], IPA_OF_ARPABET[p["t"]]) for word in aligned["w"] for p in word["w"])
    sound = (load_audio(needs.shared(f"speech/{name}.wav"), 16_000) / 32768.0).astype("float32")
    return Utterance(sound, phones, "human", "en", Path(name).stem)


def test_nods_fall_in_pauses_four_to_twelve_a_minute() -> None:
    spoken = [_read(f"en_librivox_austen_{number}") for number in ("0870", "0880", "0890")]
    nods = nods_while_listening(two_person_talk(spoken, 1, rounds=6))
    assert nods.minutes > 1.0
    assert nods.share_in_pauses == 1.0
    assert 4.0 <= nods.per_minute <= 12.0
