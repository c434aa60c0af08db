from __future__ import annotations

import numpy as np
import pytest

from visavis.arkit import INDEX
from visavis.motion.channels import mouth_opening
from visavis.motion.ipa import IPA_OF_ARPABET, articulations

from .conftest import RECORDED


def target(ipa: str, name: str) -> float:
    return float(articulations(ipa)[0].target[INDEX[name]])


def test_every_phone_espeak_makes_is_understood() -> None:
    """431 phone strings of all its 137 voices: what has a letter moves the face, marks alone do not."""
    unmoved = {phone for phone in RECORDED["inventory"] if not articulations(phone)}
    letters = {phone for phone in unmoved if any(c.isalpha() and not 0x2B0 <= ord(c) <= 0x2FF for c in phone)}
    assert len(RECORDED["inventory"]) > 400
    assert all(phone.strip("ˈˌ").startswith("(") for phone in letters), letters


def test_every_arpabet_phone_has_ipa_that_moves() -> None:
    still = {name for name, ipa in IPA_OF_ARPABET.items() if not articulations(ipa)}
    assert still == {"SIL", "+SPN+", "+NSN+"}


@pytest.mark.parametrize("ipa", ["p", "b", "m", "pʰ", "bʱ", "mʲ", "m̩", "ɓ", "pˠ", "ʘ", "b̪"])
def test_bilabials_seal(ipa: str) -> None:
    assert articulations(ipa)[0].seal == 1.0


@pytest.mark.parametrize("ipa", ["f", "v", "ɱ", "fʲ", "v̥"])
def test_labiodentals_touch(ipa: str) -> None:
    part = articulations(ipa)[0]
    assert part.touch == 1.0
    assert part.seal == 0.0
    assert part.target[INDEX["mouthRollLower"]] > 0.25


def test_vowels_open_with_their_openness_and_round_with_their_roundness() -> None:
    openings = [mouth_opening(articulations(v)[0].target) for v in ("i", "e", "ɛ", "æ", "a")]
    assert openings == sorted(openings)
    assert openings[-1] > openings[0] + 0.2
    for spread, rounded in (("i", "y"), ("e", "ø"), ("ɛ", "œ"), ("ɯ", "u"), ("ɤ", "o"), ("ʌ", "ɔ")):
        assert target(rounded, "mouthPucker") + target(rounded, "mouthFunnel") > 0.3
        assert target(spread, "mouthPucker") + target(spread, "mouthFunnel") < 0.05
    assert target("iʷ", "mouthPucker") > 0.3
    assert 0.1 < target("ɯᵝ", "mouthPucker") < target("u", "mouthPucker")


def test_length_nasality_tone_and_stress_do_not_change_the_shape() -> None:
    for marked in ("aː", "ã", "ã", "aˑ", "a˥", "a5", "ˈa", "aˤ", "ä"):
        np.testing.assert_allclose(articulations(marked)[0].target, articulations("a")[0].target, err_msg=marked)


def test_diphthongs_have_two_targets_and_affricates_one() -> None:
    first, second = articulations("aʊ")
    assert first.start == 0.0
    assert second.end == 1.0
    assert first.end == second.start == pytest.approx(0.5)
    assert mouth_opening(first.target) > mouth_opening(second.target) + 0.1
    assert len(articulations("tʃ")) == len(articulations("t͡s")) == len(articulations("dʒ")) == 1
    np.testing.assert_allclose(articulations("tʃ")[0].target, articulations("ʃ")[0].target)
    lips, teeth = articulations("pf")
    assert (lips.seal, teeth.touch) == (1.0, 1.0)


def test_unknown_letters_fall_back() -> None:
    np.testing.assert_allclose(articulations("ƥ")[0].target, articulations("p")[0].target)
    assert articulations("ƥ")[0].seal == 1.0
    (stranger,) = articulations("ж")
    assert stranger.seal == stranger.touch == 0.0
    assert stranger.strength.max() < 0.5, "a letter nobody knows leaves the lips to its neighbours"


def test_pauses_marks_and_language_names_say_nothing() -> None:
    for silent in ("", "ː", "ʲ", "(en)", "ˈ", "5", "|"):
        assert articulations(silent) == ()
