"""People: recordings whose phones pocketsphinx aligns, from a transcript or, for training, from what it understood itself.

Training hears the prompts of the Asterisk sound packages of Debian (asterisk-core-sounds-*-g722; CC BY-SA and CC BY, credits in
docs/lipsync.md) and nobody else; `SPLIT` names everybody and stands in the repository once and for all.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from visavis.audio.files import load_audio
from visavis.errors import NotFound, Unavailable
from visavis.motion.ipa import IPA_OF_ARPABET
from visavis.motion.mel import RATE_HZ
from visavis.motion.phone_groups import GROUPS, groups_of
from visavis.training.speech.utterance import Utterance, phone
from visavis.types import F32, I16, PhoneCue

SPLIT: Final[dict[str, dict[str, str]]] = json.loads(Path(__file__).with_name("split.json").read_text(encoding="utf-8"))
"""{"train": {folder of prompts: language}, "test": {recording: language}}: no speaker stands in both."""
PROMPTS: Final = Path("/usr/share/asterisk/sounds")
_ALTERNATIVE: Final = re.compile(r"\(\d+\)$")
_FRAME_S: Final = 0.010
_LONG: Final = frozenset({"AA", "AE", "AO", "AW", "AY", "EH", "ER", "EY", "IY", "OW", "OY", "UW"})
_QUICK: Final = {"maxhmmpf": 3000, "maxwpf": 5, "pl_window": 10, "fwdflat": False, "bestpath": False}
"""One pruned pass: half the work and about the same words."""
_BEAMS: Final[tuple[dict[str, float], ...]] = (
    {},
    {"beam": 1e-64, "pbeam": 1e-64, "wbeam": 1e-48},
    {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-80},
)
"""Of the aligner: the next is tried where one does not reach the end."""
_PHONES_A_WORD: Final = 6
_ARPABET_OF_GROUP: Final = {
    "p": "P", "b": "B", "m": "M", "f": "F", "v": "V", "th": "TH", "t": "T", "d": "D", "n": "N", "l": "L", "r": "R", "R": "R",
    "s": "S", "z": "Z", "S": "SH", "Z": "ZH", "k": "K", "g": "G", "N": "NG", "x": "HH", "G": "R", "h": "HH", "j": "Y",
    "w": "W", "i": "IY", "y": "IY", "I": "IH", "u": "UW", "e": "EY", "oe": "ER", "o": "OW", "schwa": "AH", "er": "ER",
    "E": "EH", "O": "AO", "V": "AH", "ae": "AE", "a": "AA", "A": "AA",
}  # fmt: skip
_NO_SPEECH: Final = ("tone", "beep", "monkeys")
_SHORTEST_S: Final = 1.2
_LEAST_WORDS, _MOST_S_PER_PHONE = 2, 0.20


class Aligner:
    """pocketsphinx's English models: words and phones with times."""

    def __init__(self) -> None:
        self._reader: Any = None

    def understand(self, samples: I16) -> list[str]:
        """The words heard in int16 [n] at 16 kHz."""
        import pocketsphinx

        if self._reader is None:
            self._reader = pocketsphinx.Decoder(samprate=float(RATE_HZ), loglevel="FATAL", **_QUICK)
        self._reader.start_utt()
        self._reader.process_raw(samples.tobytes(), full_utt=True)
        self._reader.end_utt()
        words = [_ALTERNATIVE.sub("", segment.word) for segment in self._reader.seg() or ()]
        return [word for word in words if not word.startswith(("<", "["))]

    def align(self, samples: I16, words: list[str]) -> tuple[PhoneCue, ...] | None:
        """Phones of int16 [n] at 16 kHz that says `words`; None where they do not fit or one is not in the dictionary."""
        return self._try(samples, words, {})

    def _try(self, samples: I16, words: list[str], said: dict[str, str]) -> tuple[PhoneCue, ...] | None:
        """`said` gives the phones of words of our own making."""
        for beams in _BEAMS:
            decoder = self._decoder(beams, said)
            if not words or any(decoder.lookup_word(word) is None for word in words):
                return None
            try:
                decoder.set_align_text(" ".join(words))
                _pass(decoder, samples)
                decoder.set_alignment()
                _pass(decoder, samples)
            except RuntimeError:
                continue
            found = decoder.get_alignment()
            if found is not None:
                return tuple(_cue(p) for word in found for p in word)
        return None

    def _decoder(self, beams: dict[str, float], said: dict[str, str]) -> Any:
        """A decoder as new: what it learnt of the last speaker would bend the next one's times."""
        import pocketsphinx

        decoder = pocketsphinx.Decoder(samprate=float(RATE_HZ), lm=None, loglevel="FATAL", **beams)
        for name, phones in said.items():
            decoder.add_word(name, phones, True)
        return decoder

    def align_ipa(self, samples: I16, phones: tuple[PhoneCue, ...]) -> tuple[PhoneCue, ...] | None:
        """`phones` (their times do not matter) where they lie in int16 [n] at 16 kHz: each by the English phone nearest to it."""
        spoken = [(cue.ipa, _ARPABET_OF_GROUP[GROUPS[groups_of(cue.ipa)[0][0]]]) for cue in phones if groups_of(cue.ipa)]
        words = [spoken[i : i + _PHONES_A_WORD] for i in range(0, len(spoken), _PHONES_A_WORD)]
        said = {f"piece{i}": " ".join(arpabet for _, arpabet in word) for i, word in enumerate(words)}
        found = self._try(samples, list(said), said)
        if found is None:
            return None
        kept = [cue for cue in found if cue.ipa]
        if len(kept) != len(spoken):
            return None
        return tuple(replace(cue, ipa=ipa) for cue, (ipa, _) in zip(kept, spoken, strict=True))


def _pass(decoder: Any, samples: I16) -> None:
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()


def _cue(found: Any) -> PhoneCue:
    start_s, end_s = found.start * _FRAME_S, (found.start + found.duration) * _FRAME_S
    return phone(start_s, end_s, IPA_OF_ARPABET.get(found.name, ""), 1 if found.name in _LONG else 0)


def words_of_transcript(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.lower()).replace("-", " ").replace("’", "'")
    return re.findall(r"[a-z']+", plain)


def prompts(folder: str) -> Iterator[tuple[Path, I16]]:
    """Every prompt of a package with its sound, int16 at 16 kHz. Raises Unavailable where it is not installed."""
    files = sorted((PROMPTS / folder).rglob("*.g722"))
    if not files:
        language = folder[:2]
        raise Unavailable(
            f"{PROMPTS / folder} is not there.",
            mend=f"Install it with: sudo apt-get install asterisk-core-sounds-{language}-g722",
        )
    for path in files:
        if path.parent.name != "silence" and not any(word in path.stem for word in _NO_SPEECH):
            samples = load_audio(path, RATE_HZ)
            if len(samples) > _SHORTEST_S * RATE_HZ:
                yield path, samples


def understood_prompts(folder: str) -> Iterator[Utterance]:
    """English prompts as pocketsphinx understands and aligns them; what looks misunderstood is left out."""
    aligner = Aligner()
    for _, samples in prompts(folder):
        words = aligner.understand(samples)
        phones = aligner.align(samples, words) if len(words) >= _LEAST_WORDS else None
        if phones is None or _mean_s(phones) > _MOST_S_PER_PHONE:
            continue
        yield Utterance(_full_scale(samples), phones, "prompts", SPLIT["train"][folder], folder)


def _mean_s(phones: tuple[PhoneCue, ...]) -> float:
    spoken = [(p.end_ticks - p.t_ticks) / 48_000 for p in phones if p.ipa]
    return sum(spoken) / max(1, len(spoken))


def _full_scale(samples: I16) -> F32:
    return (samples / 32768.0).astype(np.float32)


def test_recordings(shared: Path, unaligned: Callable[[str], None]) -> Iterator[Utterance]:
    """The human recordings of the test, aligned: English ones by their transcripts, others by what eSpeak NG makes of theirs.

    `unaligned` is told the names of those for which no alignment is found.
    """
    from visavis.training.speech.espeak import EspeakVoices

    aligner = Aligner()
    texts = transcripts(shared)
    with EspeakVoices() as voices:
        for name, language in SPLIT["test"].items():
            samples = load_audio(shared / "speech" / name, RATE_HZ)
            if language == "en":
                phones = aligner.align(samples, words_of_transcript(texts[name]))
            else:
                said = voices.say(SPLIT["readings"].get(name, texts[name]), language)
                phones = aligner.align_ipa(samples, said.phones) if said else None
            if phones is None:
                unaligned(name)
                continue
            yield Utterance(_full_scale(samples), phones, "human", language, name)


def transcripts(shared: Path) -> dict[str, str]:
    """Transcript by file name. Raises NotFound where the table is missing."""
    table = shared / "speech" / "transcripts.tsv"
    if not table.is_file():
        raise NotFound(f"{table} is not there.", mend="Name the folder with the recordings: --recordings PATH")
    with table.open(encoding="utf-8", newline="") as rows:
        return {row["file"]: row["transcript"] for row in csv.DictReader(rows, delimiter="\t")}
