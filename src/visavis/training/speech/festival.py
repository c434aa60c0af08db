"""Voices cut from recordings of people: Flite's five and Festival's diphone and statistical ones, with exact phone times.

Both are Debian packages: flite, festival and festvox-*. Where they are missing, Unavailable names them.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from visavis.audio.files import load_audio
from visavis.errors import Unavailable
from visavis.motion.ipa import IPA_OF_ARPABET
from visavis.motion.mel import RATE_HZ
from visavis.training.speech.texts import line, words_of
from visavis.training.speech.utterance import Utterance, phone
from visavis.types import PhoneCue

FLITE_VOICES: Final = ("slt", "rms", "awb", "kal16")
_ENGLISH: Final = {name.lower(): ipa for name, ipa in IPA_OF_ARPABET.items()} | {
    "ax": "ə", "axr": "ɚ", "ix": "ɨ", "dx": "ɾ", "el": "l", "em": "m", "en": "n", "nx": "n", "hv": "h", "pau": "", "h#": "",
    "brth": "", "#": "", "##": "", "_": "", "ssil": "",
}  # fmt: skip
_ITALIAN: Final = {"E": "ɛ", "O": "ɔ", "g": "ɡ", "S": "ʃ", "Z": "ʒ", "ts": "ts", "tS": "tʃ", "dz": "dz", "dZ": "dʒ", "J": "ɲ",
                   "ng": "ŋ", "nf": "ɱ", "L": "ʎ"}  # fmt: skip
_CZECH: Final = {
    "c": "ts", "c~": "tʃ", "ch": "x", "d~": "ɟ", "dz~": "dʒ", "e": "ɛ", "e:": "ɛː", "g": "ɡ", "h": "ɦ", "i": "ɪ", "i:": "iː", "n*": "ŋ",
    "n~": "ɲ", "r~": "r̝", "r~*": "r̝", "s~": "ʃ", "t~": "c", "z~": "ʒ", "a:": "aː", "o:": "oː", "u:": "uː",
}  # fmt: skip
_FINNISH: Final = {
    "7": "ø", "&": "æ", "@": "æ", "a": "ɑ", "a:": "ɑː", "7:": "øː", "@:": "æː", "&:": "æː", "N": "ŋ", "N:": "ŋː", "S": "ʃ", "g": "ɡ",
    "v": "ʋ",
}  # fmt: skip
_CATALAN: Final = {"ax": "ə", "E": "ɛ", "O": "ɔ", "J": "ɲ", "L": "ʎ", "S": "ʃ", "Z": "ʒ", "rr": "r", "r": "ɾ", "g": "ɡ"}
_RUSSIAN: Final = {
    "ii": "i", "yy": "ɨ", "uu": "u", "ee": "e", "oo": "o", "aa": "a", "i": "ɪ", "y": "ɨ", "u": "ʊ", "e": "e", "a": "ɐ", "ae": "ə",
    "ay": "ə", "ur": "ʊ", "pp": "pʲ", "bb": "bʲ", "tt": "tʲ", "dd": "dʲ", "kk": "kʲ", "g": "ɡ", "gg": "ɡʲ", "c": "ts", "ch": "tɕ",
    "ff": "fʲ", "vv": "vʲ", "ss": "sʲ", "zz": "zʲ", "sh": "ʂ", "sch": "ɕ", "zh": "ʐ", "h": "x", "hh": "xʲ", "mm": "mʲ", "nn": "nʲ",
    "ll": "lʲ", "rr": "rʲ", "l": "ɫ",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FestivalVoice:
    """Festival's function for the voice, the Debian package it is in, and its phones that are not written as IPA."""

    name: str
    package: str
    language: str
    ipa: dict[str, str]
    encoding: str = "utf-8"


TRAINING_VOICES: Final = (
    FestivalVoice("lp_diphone", "festvox-italp16k", "it", _ITALIAN, "latin-1"),
    FestivalVoice("czech_dita", "festvox-czech-dita", "cs", _CZECH, "iso8859-2"),
    FestivalVoice("czech_krb", "festvox-czech-krb", "cs", _CZECH, "iso8859-2"),
    FestivalVoice("suo_fi_lj_diphone", "festvox-suopuhe-lj", "fi", _FINNISH, "latin-1"),
    FestivalVoice("ked_diphone", "festvox-kdlpc16k", "en-us", _ENGLISH),
    FestivalVoice("cmu_us_slt_arctic_hts", "festvox-us-slt-hts", "en-us", _ENGLISH),
)
TEST_VOICES: Final = (
    FestivalVoice("pc_diphone", "festvox-itapc16k", "it", _ITALIAN, "latin-1"),
    FestivalVoice("czech_ph", "festvox-czech-ph", "cs", _CZECH, "iso8859-2"),
    FestivalVoice("hy_fi_mv_diphone", "festvox-suopuhe-mv", "fi", _FINNISH, "latin-1"),
    FestivalVoice("upc_ca_ona_hts", "festvox-ca-ona-hts", "ca", _CATALAN, "latin-1"),
    FestivalVoice("msu_ru_nsh_clunits", "festvox-ru", "ru", _RUSSIAN),
)
"""Heard by no training: other speakers than any of `TRAINING_VOICES`, Catalan and Russian unheard from this program at all."""
TEST_SENTENCES: Final = {
    "it": "In primavera davanti alla nostra casa crescono i fiori. La sera mi piace bere una tazza di tè e leggere un bel libro.",
    "cs": "Na jaře před naším domem rostou květiny. Večer rád piji šálek čaje a čtu dobrou knihu.",
    "fi": "Keväällä talomme edessä kasvaa kukkia. Illalla juon mielelläni kupin teetä ja luen hyvää kirjaa.",
    "ca": "A la primavera creixen flors davant de casa nostra. Al vespre m'agrada beure una tassa de te i llegir un bon llibre.",
    "ru": "Весной перед нашим домом растут цветы. Вечером я люблю выпить чашку чая и почитать хорошую книгу.",
}


def flite_lines(seed: int, seconds: float) -> Iterator[Utterance]:
    """At least `seconds` of English in Flite's voices, at several paces and pitches."""
    if shutil.which("flite") is None:
        raise Unavailable("Flite is not installed.", mend="Install it with: sudo apt-get install flite")
    chance = random.Random(f"{seed}/flite")
    words = words_of("en-us") + words_of("en-gb")
    told_s = 0.0
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "said.wav"
        while told_s < seconds:
            voice = chance.choice(FLITE_VOICES)
            text = line("en-us", chance, words)
            command = [
                "flite",
                "-voice",
                voice,
                "-t",
                text,
                "-psdur",
                "-o",
                str(wav),
                "--setf",
                f"duration_stretch={chance.uniform(0.8, 1.3):.2f}",
            ]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            phones, start_s = [], 0.0
            for token in told.split():
                name, _, end = token.rpartition(":")
                phones.append(phone(start_s, float(end), _ENGLISH[name]))
                start_s = float(end)
            sound = (load_audio(wav, RATE_HZ) / 32768.0).astype(np.float32)
            told_s += len(sound) / RATE_HZ
            yield Utterance(sound, tuple(phones), "flite", "en-us", f"flite {voice}")


def festival_says(voice: FestivalVoice, texts: list[str]) -> Iterator[Utterance]:
    """Each text in this voice; what it cannot say is left out. Raises Unavailable where Festival or the voice is not installed."""
    if shutil.which("festival") is None:
        raise Unavailable("Festival is not installed.", mend="Install it with: sudo apt-get install festival")
    with tempfile.TemporaryDirectory() as folder:
        script = [f"(voice_{voice.name})"]
        for i, text in enumerate(texts):
            plain = text.replace('"', "").replace("\\", "")
            script.append(
                f'(begin (set! u (SynthText "{plain}")) (utt.save.wave u "{folder}/{i}.wav" \'riff) (utt.save.segs u "{folder}/{i}.segs"))'
            )
        path = Path(folder) / "say.scm"
        path.write_bytes("\n".join(script).encode(voice.encoding, "ignore"))
        told = subprocess.run(["festival", "-b", str(path)], capture_output=True, check=False)
        if b"unbound variable" in told.stderr + told.stdout:
            raise Unavailable(
                f"Festival has no voice {voice.name}.", mend=f"Install it with: sudo apt-get install {voice.package}"
            )
        for i in range(len(texts)):
            wav, segs = Path(folder) / f"{i}.wav", Path(folder) / f"{i}.segs"
            if wav.exists() and segs.exists() and wav.stat().st_size > 8000:
                sound = (load_audio(wav, RATE_HZ) / 32768.0).astype(np.float32)
                phones = tuple(_segments(segs.read_text("latin-1"), voice))
                if len(phones) > 2:
                    yield Utterance(sound, phones, "festival", voice.language, voice.name)


def _segments(text: str, voice: FestivalVoice) -> Iterator[PhoneCue]:
    """Lines of Festival's label files, `end colour name`, after a line of #."""
    start_s = 0.0
    for row in text.split("\n#\n", 1)[-1].splitlines():
        fields = row.split()
        if len(fields) < 3:
            continue
        end_s, name = float(fields[0]), fields[2]
        plain = name if name in voice.ipa else name.rstrip("1")
        silent = plain in {"#", "##", "_", "pau", "h#", "brth"}
        ipa = "" if silent else voice.ipa.get(plain, _ENGLISH.get(plain, "") if voice.ipa is _ENGLISH else plain)
        yield phone(start_s, end_s, ipa, 2 if name.endswith("1") else 0)
        start_s = end_s


def festival_lines(seed: int, seconds: float) -> Iterator[Utterance]:
    """At least `seconds` in the training voices, the same of each."""
    for voice in TRAINING_VOICES:
        chance = random.Random(f"{seed}/{voice.name}")
        words = words_of(voice.language)
        told_s = 0.0
        for _ in range(40):
            for said in festival_says(voice, [line(voice.language, chance, words) for _ in range(24)]):
                told_s += len(said.sound) / RATE_HZ
                yield said
            if told_s >= seconds / len(TRAINING_VOICES):
                break


def festival_test_lines() -> Iterator[Utterance]:
    for voice in TEST_VOICES:
        yield from festival_says(voice, [text + "." for text in TEST_SENTENCES[voice.language].split(".") if text.strip()])
