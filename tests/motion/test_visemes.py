from __future__ import annotations

import numpy as np
import pytest

from visavis.motion.channels import mouth_opening
from visavis.motion.visemes import NAMES, TABLE, viseme_weights

OCULUS = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")


def test_the_fifteen_names_in_their_order() -> None:
    assert NAMES == OCULUS
    assert TABLE.shape == (15, 52)
    assert (TABLE >= 0).all()
    assert (TABLE <= 1).all()


def test_shapes_are_what_their_sounds_need() -> None:
    opening = {name: mouth_opening(viseme_weights(name)) for name in NAMES}
    assert opening["sil"] == opening["PP"] == 0.0
    assert opening["FF"] < 0.08
    assert max(opening, key=opening.__getitem__) == "aa"
    assert opening["aa"] > opening["E"] > opening["ih"]
    assert opening["oh"] > opening["ou"]


def test_no_two_visemes_look_alike() -> None:
    gaps = np.abs(TABLE[:, None] - TABLE[None]).sum(axis=2) + np.eye(15)
    assert gaps.min() > 0.1


def test_an_unknown_name_is_refused_with_the_list() -> None:
    with pytest.raises(KeyError, match="sil, PP, FF"):
        viseme_weights("XX")
