"""The figures themselves: on mouths whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.motion.phone_groups import CLASSES, GROUPS
from visavis.training.speech.measures import (
    Count,
    class_accuracy,
    closure_precision,
    closure_recall,
    envelope,
    lag_ms,
    true_classes,
)
from visavis.training.speech.utterance import phone

PHONES = (
    phone(0.10, 0.20, "a", 2),
    phone(0.20, 0.30, "b"),
    phone(0.30, 0.50, "a", 2),
    phone(0.50, 0.60, "t"),
    phone(0.60, 0.80, "a"),
)


def truth() -> np.ndarray:
    groups = np.zeros(100, np.uint8)
    for cue in PHONES:
        groups[round(cue.t_ticks / 480) - 1 : round(cue.end_ticks / 480) - 1] = GROUPS.index(cue.ipa)
    return true_classes(groups)


def test_accuracy_counts_speech_only() -> None:
    right = truth()
    assert class_accuracy(right, right).share == 1.0
    assert class_accuracy(right, right).of == 70
    wrong = np.full(100, CLASSES.index("sil"))
    assert class_accuracy(wrong, right).share == 0.0
    assert class_accuracy(np.full(100, CLASSES.index("open")), right).share == pytest.approx(50 / 70)


def test_a_closure_is_found_within_40_ms_and_not_beyond() -> None:
    for shift, found in ((0, 1.0), (4, 1.0), (12, 0.0)):
        opening = np.full(100, 0.3, np.float32)
        opening[20 + shift : 25 + shift] = 0.01
        assert closure_recall(opening, PHONES).share == found


def test_a_closure_that_nobody_asked_for_costs_precision_and_a_pause_does_not() -> None:
    opening = np.full(100, 0.3, np.float32)
    opening[20:25] = opening[50:55] = 0.0
    opening[:8] = opening[85:] = 0.0
    assert closure_precision(opening, PHONES, truth()) == Count(1, 2)


def test_lag_is_signed_and_finer_than_a_frame() -> None:
    t = np.arange(400) / 100
    sound = np.maximum(0, np.sin(2 * np.pi * 1.7 * t) + 0.5 * np.sin(2 * np.pi * 4.1 * t))
    for late_s in (0.0, 0.03, -0.02, 0.015):
        later = np.maximum(0, np.sin(2 * np.pi * 1.7 * (t - late_s)) + 0.5 * np.sin(2 * np.pi * 4.1 * (t - late_s)))
        assert lag_ms(later, sound) == pytest.approx(late_s * 1000, abs=1.5)


def test_the_envelope_follows_the_sound() -> None:
    sound = np.zeros(16_000, np.float32)
    sound[8_000:] = 0.5
    found = envelope(sound, 98)
    assert found[30] < 0.01
    assert found[80] == pytest.approx(0.5, abs=0.01)
