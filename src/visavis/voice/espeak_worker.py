"""eSpeak NG in a process of its own: text in on stdin, samples and their events out on stdout.

Licence: this file alone runs in one process with eSpeak NG, which is GPL-3.0-or-later. The file is Apache-2.0, which is
compatible with GPL-3.0; the running combination is under GPL-3.0-or-later. Nothing else of visavis imports it or eSpeak NG:
the rest talks to it over a pipe. It needs espeakng-loader and the standard library.

Request, one JSON line: {"text", "voice", "rate", "pitch", "range"}.
Answer: a header `<4sI` (kind, payload bytes) and the payload:
  RATE  u32, once at the start: the sample rate in Hz
  SAID  u32 samples, i16 samples, then JSON [[kind, sample, text position, length, ipa], ...]
  FAIL  UTF-8, why
"""

from __future__ import annotations

import ctypes
import json
import signal
import struct
import sys
from typing import Any, Final

import espeakng_loader

AUDIO_OUTPUT_SYNCHRONOUS: Final = 2
PHONEME_EVENTS, PHONEME_IPA, DONT_EXIT = 1, 2, 0x8000
POS_CHARACTER, CHARS_UTF8 = 1, 1
RATE, PITCH, RANGE, WORD_GAP = 1, 3, 4, 7
EVENT_LIST_END, EVENT_WORD, EVENT_PHONEME = 0, 1, 7
BUFFER_MS: Final = 60


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """The library, and what the utterance in hand has given so far."""

    def __init__(self) -> None:
        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        self.rate_hz = int(
            self._lib.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, BUFFER_MS, data, PHONEME_EVENTS | PHONEME_IPA | DONT_EXIT)
        )
        if self.rate_hz <= 0:
            raise OSError("eSpeak NG does not start: its data is missing")
        self._callback = _Callback(self._on_samples)
        self._lib.espeak_SetSynthCallback(self._callback)
        self._voice = ""
        self._pcm = bytearray()
        self._events: list[list[Any]] = []

    def say(self, request: dict[str, Any]) -> tuple[bytes, list[list[Any]]]:
        voice = str(request["voice"])
        if voice != self._voice:
            if not any(self._lib.espeak_SetVoiceByName(name.encode()) == 0 for name in names_of(voice)):
                raise ValueError(f"eSpeak has no voice {voice!r}.")
            self._voice = voice
        for parameter, value in ((RATE, request["rate"]), (PITCH, request["pitch"]), (RANGE, request["range"])):
            self._lib.espeak_SetParameter(parameter, int(value), 0)
        text = str(request["text"]).encode() + b"\0"
        self._pcm.clear()
        self._events = []
        if self._lib.espeak_Synth(text, len(text), 0, POS_CHARACTER, 0, CHARS_UTF8, None, None) != 0:
            raise ValueError("eSpeak refuses this text.")
        return bytes(self._pcm), self._events

    def _on_samples(self, samples: Any, count: int, events: Any) -> int:
        for event in events:
            if event.type == EVENT_LIST_END:
                break
            if event.type in (EVENT_WORD, EVENT_PHONEME):
                ipa = event.id.string.decode("utf-8", "replace") if event.type == EVENT_PHONEME else ""
                kind = "word" if event.type == EVENT_WORD else "phone"
                self._events.append([kind, event.sample, event.text_position, event.length, ipa])
        if samples and count > 0:
            self._pcm += ctypes.string_at(samples, count * 2)
        return 0


def names_of(voice: str) -> list[str]:
    """What to try: the name, and the language without its region, as in de-DE+f2, de+f2."""
    language, plus, variant = voice.partition("+")
    names = [language, language.lower(), language.lower().split("-")[0]]
    return [f"{name}{plus}{variant}" for name in dict.fromkeys(names)]


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = sys.stdout.buffer

    def answer(kind: bytes, payload: bytes) -> None:
        out.write(struct.pack("<4sI", kind, len(payload)) + payload)
        out.flush()

    espeak = Espeak()
    answer(b"RATE", struct.pack("<I", espeak.rate_hz))
    for line in sys.stdin.buffer:
        try:
            pcm, events = espeak.say(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            answer(b"FAIL", str(error).encode())
        else:
            answer(b"SAID", struct.pack("<I", len(pcm) // 2) + pcm + json.dumps(events).encode())


if __name__ == "__main__":
    main()
