"""IPA phones to what a face does: each phone becomes one or two articulations, found from articulatory features.

Every letter of the IPA chart has its features here; letters with unknown marks fall back to the letter below the marks, unknown
letters to a consonant that leaves the lips to their neighbours. Tones, stress and length marks only modify.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from visavis.motion.channels import F64
from visavis.motion.visemes import ROW, TABLE

JAW_GROUP, ROUND_GROUP, LIP_GROUP, TONGUE_GROUP = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class Articulation:
    """One target within a phone, from `start` to `end` of its duration (0 to 1).

    target     float64 [52] ARKit weights
    strength   float64 [4]: how much it insists on jaw, rounding, lips, tongue against its neighbours
    seal       0 to 1: the lips close this far whatever the neighbours want (bilabials)
    touch      0 to 1: the lower lip meets the upper teeth this far whatever the neighbours want (labiodentals)
    burst      a voiceless bilabial stop: a voice that times its burst alone closed the lips before it
    vowel      stress and loudness scale it
    """

    start: float
    end: float
    target: F64
    strength: F64
    seal: float = 0.0
    touch: float = 0.0
    burst: bool = False
    vowel: bool = False


# Strength on jaw, rounding, lips, tongue by kind of consonant: what a place of articulation needs, it insists on.
_STRENGTH: Final[dict[str, tuple[float, float, float, float]]] = {
    "PP": (0.80, 0.15, 0.50, 0.6), "FF": (0.90, 0.40, 0.90, 0.6), "TH": (0.90, 0.20, 0.60, 1.5), "DD": (0.75, 0.12, 0.35, 0.9),
    "nn": (0.55, 0.12, 0.30, 0.9), "kk": (0.40, 0.10, 0.22, 0.6), "CH": (1.10, 1.10, 0.90, 0.9), "SS": (1.30, 0.30, 0.80, 0.9),
    "RR": (0.65, 0.80, 0.50, 0.6), "ou": (0.90, 1.40, 0.90, 0.6), "ih": (0.65, 0.45, 0.65, 0.6), "sil": (0.12, 0.04, 0.08, 0.4),
}  # fmt: skip

# Letters by the viseme of their place and manner; glottals leave everything to the neighbours.
_CONSONANTS: Final[dict[str, str]] = {
    letter: viseme
    for viseme, letters in {
        "PP": "pbmɓʙʘ", "FF": "fvɱⱱʋ", "TH": "θð", "DD": "tdɗɾʈɖᶑǀǃɺɽr", "nn": "nlɫɬɮǁɳɭȵȡȶȴ",
        "CH": "ʃʒɕʑʂʐʧʤʨʥǂ", "SS": "szʦʣ", "kk": "kgɡqɢɠʛŋɴxɣχʁʀɰʟħʕʜʢʡ", "RR": "ɹɻ", "ou": "wʍɥɧ",
        "ih": "jçʝɟcɲʎʄ", "sil": "hɦʔ",
    }.items()
    for letter in letters
}  # fmt: skip
_BILABIAL_FRICATIVES: Final = "ɸβ"
_HALF_TOUCH: Final = "ʋ"

# Vowels: openness 0 (close) to 1 (open), backness 0 to 1, rounded.
_VOWELS: Final[dict[str, tuple[float, float, bool]]] = {
    "i": (0.0, 0.0, False), "y": (0.0, 0.0, True), "ɨ": (0.05, 0.5, False), "ʉ": (0.05, 0.5, True), "ɯ": (0.05, 1.0, False),
    "u": (0.0, 1.0, True), "ɪ": (0.17, 0.2, False), "ʏ": (0.17, 0.2, True), "ʊ": (0.17, 0.8, True), "e": (0.33, 0.0, False),
    "ø": (0.33, 0.0, True), "ɘ": (0.33, 0.5, False), "ɵ": (0.33, 0.5, True), "ɤ": (0.33, 1.0, False), "o": (0.33, 1.0, True),
    "ə": (0.42, 0.5, False), "ɚ": (0.42, 0.5, False), "ɛ": (0.62, 0.0, False), "œ": (0.62, 0.0, True), "ɜ": (0.55, 0.5, False),
    "ɝ": (0.55, 0.5, False), "ɞ": (0.62, 0.5, True), "ʌ": (0.72, 0.8, False), "ɔ": (0.62, 1.0, True), "æ": (0.85, 0.1, False),
    "ɐ": (0.78, 0.5, False), "a": (1.0, 0.4, False), "ɶ": (0.95, 0.0, True), "ɑ": (1.0, 1.0, False), "ɒ": (0.85, 1.0, True),
    "ε": (0.62, 0.0, False), "ı": (0.05, 0.5, False), "ɩ": (0.17, 0.2, False), "ɷ": (0.17, 0.8, True),
    "ᵻ": (0.2, 0.4, False), "ᵿ": (0.2, 0.7, True),
}  # fmt: skip
_RHOTIC: Final = "ɚɝ"
_REDUCED: Final = "əɚᵻᵿɐɘɨ"

_ROUNDED_MARKS: Final = "ʷ\u0339\u032b"
_HALF_ROUNDED_MARKS: Final = "ᵝ"
_PALATAL_MARKS: Final = "ʲ"
_RHOTIC_MARKS: Final = "˞ʴʵʶʳ"
_NON_SYLLABIC: Final = "\u032f"
_ASIDE: Final = re.compile(r"\([^)]*\)")
"""eSpeak NG names a change of language so, "(en)", among its phones; nothing is pronounced."""


@lru_cache(maxsize=4096)
def articulations(ipa: str) -> tuple[Articulation, ...]:
    """What the face does for one phone, in order; nothing for a pause or for marks alone."""
    return tuple(
        replace(_vowel(letter, marks) if letter in _VOWELS else _consonant(letter, marks), start=start, end=end)
        for letter, marks, start, end in segments(ipa)
    )


@lru_cache(maxsize=4096)
def segments(ipa: str) -> tuple[tuple[str, str, float, float], ...]:
    """The sounds within one phone: (letter, its marks, start, end), times as shares of the phone's, 0 to 1."""
    letters = _letters(ipa)
    if not letters:
        return ()
    letters = _without_affricate_stops(letters)
    edges = _edges(letters)
    return tuple((letter, marks, edges[i], edges[i + 1]) for i, (letter, marks) in enumerate(letters))


def is_vowel(letter: str) -> bool:
    return letter in _VOWELS


def viseme_of_consonant(letter: str) -> str:
    """One of `visemes.NAMES`; letters that are no consonants raise KeyError."""
    return "PP" if letter in _BILABIAL_FRICATIVES else _CONSONANTS[letter]


def _letters(ipa: str) -> list[tuple[str, str]]:
    """Base letters with the marks that follow each; tone, stress and unknown symbols are dropped."""
    found: list[tuple[str, str]] = []
    for char in unicodedata.normalize("NFC", _ASIDE.sub("", ipa)):
        base = char if char in _VOWELS or char in _CONSONANTS or char in _BILABIAL_FRICATIVES else _plain_letter(char)
        if base:
            found.append((base, ""))
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + char)
    return found


def _plain_letter(char: str) -> str:
    """The known letter under unknown marks; a consonant that asks nothing for a letter nobody knows; "" for a mark."""
    if unicodedata.category(char) not in {"Ll", "Lu", "Lo"} or char in _ROUNDED_MARKS:
        return ""
    plain = unicodedata.normalize("NFD", char)[0].lower()
    if plain in _VOWELS or plain in _CONSONANTS:
        return plain
    for word in unicodedata.name(char, "").lower().split():
        if len(word) == 1 and (word in _VOWELS or word in _CONSONANTS):
            return word
    return "ʔ"


_STOPS: Final = "tdʈɖcɟkgɡ"
_FRICATIVES: Final = "szʃʒɕʑʂʐxɣçʝθðɬɮ"


def _without_affricate_stops(letters: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The stop of an affricate already has its fricative's lips, so one articulation is enough."""
    return [
        pair
        for i, pair in enumerate(letters)
        if not (pair[0] in _STOPS and i + 1 < len(letters) and letters[i + 1][0] in _FRICATIVES)
    ]


def _edges(letters: list[tuple[str, str]]) -> list[float]:
    """Shares of the phone's time: equal, a little less for the glide that ends or begins a diphthong."""
    shares = np.array([0.8 if _NON_SYLLABIC in marks or letter not in _VOWELS else 1.0 for letter, marks in letters])
    edges = np.concatenate([[0.0], np.cumsum(shares) / shares.sum()])
    return [float(edge) for edge in edges]


def _vowel(letter: str, marks: str) -> Articulation:
    openness, backness, rounded = _VOWELS[letter]
    rounding = 1.0 if rounded or _has(marks, _ROUNDED_MARKS) else 0.5 * _has(marks, _HALF_ROUNDED_MARKS)
    spread_mix, round_mix = np.zeros(len(ROW)), np.zeros(len(ROW))
    _between(spread_mix, openness, (("ih", 0.0), ("E", 0.60), ("aa", 1.0)))
    _between(round_mix, openness, (("ou", 0.0), ("oh", 0.5), ("aa", 1.6)))
    spread = spread_mix @ TABLE * (_BACK_UNROUNDED if backness > 0.3 else 1.0)
    target = spread + rounding * (round_mix @ TABLE - spread)
    jaw, insists, lips = 1.0, 0.75 + 0.5 * rounding, 1.0 - 0.2 * rounding
    if letter in _RHOTIC or _has(marks, _RHOTIC_MARKS):
        target = 0.6 * target + 0.4 * TABLE[ROW["RR"]]
    if letter in _REDUCED:
        target, jaw, lips = target * 0.85, 0.55, 0.5
    return Articulation(0.0, 1.0, target, np.array([jaw, insists, lips, 0.5]), vowel=True)


def _has(marks: str, wanted: str) -> bool:
    return any(mark in wanted for mark in marks)


def _between(mix: F64, at: float, stops: tuple[tuple[str, float], ...]) -> None:
    places = [place for _, place in stops]
    for i, (name, _) in enumerate(stops):
        mix[ROW[name]] += np.interp(at, places, np.eye(len(stops))[i])


def _back_unrounded() -> F64:
    from visavis.motion.channels import columns

    scale = np.ones(TABLE.shape[1])
    scale[columns("mouthStretch", "mouthSmile")] = 0.45
    return scale


_BACK_UNROUNDED: Final = _back_unrounded()


def _consonant(letter: str, marks: str) -> Articulation:
    if letter in _BILABIAL_FRICATIVES:
        return Articulation(0.0, 1.0, TABLE[ROW["PP"]], np.array(_STRENGTH["FF"]), seal=0.8)
    viseme = _CONSONANTS[letter]
    target, strength = TABLE[ROW[viseme]], np.array(_STRENGTH[viseme])
    if letter == "ɥ":
        target = 0.8 * TABLE[ROW["ou"]] + 0.2 * TABLE[ROW["ih"]]
    if _has(marks, _ROUNDED_MARKS):
        target = 0.5 * target + 0.5 * TABLE[ROW["ou"]]
        strength[ROUND_GROUP] = max(strength[ROUND_GROUP], 1.0)
    if _has(marks, _PALATAL_MARKS):
        target = 0.7 * target + 0.3 * TABLE[ROW["ih"]]
    touch = (0.5 if letter in _HALF_TOUCH else 1.0) if viseme == "FF" else 0.0
    return Articulation(0.0, 1.0, target, strength, 1.0 if viseme == "PP" else 0.0, touch, burst=letter == "p")


# CMU's ARPAbet, as pocketsphinx's English model names its phones --------------------------------------------------------------

IPA_OF_ARPABET: Final[dict[str, str]] = {
    "AA": "ɑː", "AE": "æ", "AH": "ʌ", "AO": "ɔː", "AW": "aʊ", "AY": "aɪ", "B": "b", "CH": "tʃ", "D": "d", "DH": "ð", "EH": "ɛ",
    "ER": "ɝ", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h", "IH": "ɪ", "IY": "iː", "JH": "dʒ", "K": "k", "L": "l", "M": "m",
    "N": "n", "NG": "ŋ", "OW": "oʊ", "OY": "ɔɪ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "UH": "ʊ",
    "UW": "uː", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
    "SIL": "", "+SPN+": "", "+NSN+": "",
}  # fmt: skip
