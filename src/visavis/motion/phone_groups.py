"""What can be heard of a phone and seen of a mouth: forty groups of phones for the model, six classes for its measures.

The six classes, for any language: PP the lips meet (p, b, m and bilabial fricatives), FF the lower lip meets the teeth, `open` an
unrounded vowel from open-mid down (ɛ ʌ æ ɐ a ɑ), `round` a rounded vowel or w ʍ ɥ, `other` any other sound, `sil` no speech.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.motion.ipa import is_vowel, segments, viseme_of_consonant

CLASSES: Final = ("PP", "FF", "open", "round", "other", "sil")

_GROUPS: Final[tuple[tuple[str, str, str], ...]] = (
    ("sil", "", "sil"),
    ("p", "p", "PP"), ("b", "bɓʙʘβ", "PP"), ("m", "m", "PP"), ("f", "fɸ", "FF"), ("v", "vⱱʋɱ", "FF"),
    ("th", "θð", "other"), ("t", "tʈǀǃ", "other"), ("d", "dɗɖᶑ", "other"), ("n", "nɳȵ", "other"),
    ("l", "lɫɬɮɭɺȡȶȴǁ", "other"), ("r", "rɾɽ", "other"), ("R", "ɹɻ", "other"), ("s", "sʦ", "other"), ("z", "zʣ", "other"),
    ("S", "ʃʂɕʧʨ", "other"), ("Z", "ʒʐʑʤʥǂ", "other"), ("k", "kqc", "other"), ("g", "gɡɟɢɠʛʄ", "other"), ("N", "ŋɴɲ", "other"),
    ("x", "xχçħʜ", "other"), ("G", "ɣʁʀɰʕʟʢʡ", "other"), ("h", "hɦʔ", "other"), ("j", "jʝʎ", "other"), ("w", "wʍɥɧ", "round"),
    ("i", "iɨı", "other"), ("y", "yʏʉ", "round"), ("I", "ɪᵻɩɯ", "other"), ("u", "uʊɷᵿ", "round"), ("e", "eɘɤ", "other"),
    ("oe", "øɵœɞɶ", "round"), ("o", "o", "round"), ("schwa", "əɚ", "other"), ("er", "ɜɝ", "other"), ("E", "ɛε", "open"),
    ("O", "ɔɒ", "round"), ("V", "ʌɐ", "open"), ("ae", "æ", "open"), ("a", "a", "open"), ("A", "ɑ", "open"),
)  # fmt: skip

GROUPS: Final = tuple(name for name, _, _ in _GROUPS)
CLASS_OF_GROUP: Final[npt.NDArray[np.intp]] = np.array([CLASSES.index(which) for _, _, which in _GROUPS], np.intp)
"""[40]: the class of each group."""
_CLASS_MATRIX: Final = np.eye(len(CLASSES), dtype=np.float32)[CLASS_OF_GROUP]
SILENCE: Final = GROUPS.index("sil")
_GROUP_OF_LETTER: Final = {letter: i for i, (_, letters, _) in enumerate(_GROUPS) for letter in letters}
_GROUP_OF_VISEME: Final = {"PP": "b", "FF": "f", "TH": "th", "DD": "d", "nn": "n", "CH": "S", "SS": "s", "kk": "k", "RR": "R",
                           "ou": "w", "ih": "j", "sil": "h"}  # fmt: skip


def groups_of(ipa: str) -> tuple[tuple[int, float, float], ...]:
    """(group, start, end) of the sounds within one phone, times as shares of the phone's; nothing for a pause."""
    return tuple((_group(letter), start, end) for letter, _, start, end in segments(ipa))


def _group(letter: str) -> int:
    if letter in _GROUP_OF_LETTER:
        return _GROUP_OF_LETTER[letter]
    return GROUPS.index("schwa" if is_vowel(letter) else _GROUP_OF_VISEME[viseme_of_consonant(letter)])


def classes_of(posteriors: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """[..., 40] probabilities of the groups to [...] the most likely of `CLASSES`."""
    return np.asarray((posteriors @ _CLASS_MATRIX).argmax(axis=-1), np.intp)
