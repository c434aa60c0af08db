"""`visavis train speech report`: every figure of the model and its peers, on recordings and voices that training never heard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from visavis.arkit import INDEX
from visavis.audio.files import load_audio
from visavis.motion.mel import RATE_HZ, frame_count
from visavis.motion.phone_groups import CLASSES
from visavis.motion.voice_model import VoiceModel
from visavis.training.speech.augment import in_a_room, over_telephone, shouted, whispered
from visavis.training.speech.espeak import test_lines
from visavis.training.speech.festival import festival_test_lines
from visavis.training.speech.hearers import Hearer, OurModel, Shown, Sphinx, known_motion, sampled
from visavis.training.speech.listeners import nods_while_listening, two_person_talk
from visavis.training.speech.measures import (
    Count,
    class_accuracy,
    closure_precision,
    closure_recall,
    envelope,
    lag_ms,
    true_classes,
)
from visavis.training.speech.noises import breath, coloured, music
from visavis.training.speech.plot import write_plot
from visavis.training.speech.recordings import test_recordings
from visavis.training.speech.targets import targets_of
from visavis.training.speech.utterance import Utterance
from visavis.types import F32

Say = Callable[[str], None]
_NOISE_SEED: Final = 90_001
"""Of the noises of the test; training's begin with its own seeds."""
_TEN_DB: Final = 10.0
_QUIET_S: Final = 8.0
_PLOTTED: Final = 1
"""Of the English recordings, the one that is drawn."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Figures of speech of one kind in one hearer's mouth. Shares are 0 to 1, None where nothing was to count."""

    utterances: int
    accuracy: float | None
    majority: float | None
    closure_recall: float | None
    bilabials: int
    closure_precision: float | None
    lag_to_phones_ms: float | None
    lag_to_sound_ms: float | None
    likeness: float | None


def speech_figures(hearer: Hearer, utterances: Sequence[Utterance]) -> Speech:
    accuracy, recall, precision = Count(), Count(), Count()
    counts = np.zeros(len(CLASSES))
    to_phones, to_sound, alike = [], [], []
    for utterance in utterances:
        shown = hearer.hear(utterance.sound)
        truth = true_classes(targets_of(utterance).groups)
        accuracy += class_accuracy(shown.classes, truth)
        recall += closure_recall(shown.opening, utterance.phones)
        precision += closure_precision(shown.opening, utterance.phones, truth)
        spoken = truth[(truth >= 0) & (truth != CLASSES.index("sil"))]
        counts += np.bincount(spoken, minlength=len(CLASSES))
        wanted, _ = sampled(known_motion(utterance.sound, utterance.phones), len(shown.opening))
        to_phones.append(lag_ms(shown.opening, wanted))
        to_sound.append(lag_ms(shown.opening, envelope(utterance.sound, len(shown.opening))))
        alike.append(_correlation(shown.opening, wanted))
    return Speech(
        len(utterances), accuracy.share, float(counts.max() / counts.sum()) if counts.sum() else None, recall.share, int(recall.of),
        precision.share, _median(to_phones), _median(to_sound), _median(alike),
    )  # fmt: skip


def _correlation(a: F32, b: F32) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-6 and b.std() > 1e-6 else 0.0


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return float(np.median(found)) if found else None


def at_ten_db(utterances: Sequence[Utterance]) -> list[Utterance]:
    """The same in steady noise, 10 dB below the speech."""
    random = np.random.default_rng([_NOISE_SEED, 1])
    out = []
    for utterance in utterances:
        noise = coloured(random, len(utterance.sound), 3.0)
        scale = np.sqrt(np.square(utterance.sound).mean() / np.square(noise).mean()) * 10.0 ** (-_TEN_DB / 20.0)
        out.append(replace(utterance, sound=(utterance.sound + scale * noise).astype(np.float32)))
    return out


def otherwise(utterances: Sequence[Utterance], change: Callable[[F32, np.random.Generator], F32]) -> list[Utterance]:
    random = np.random.default_rng([_NOISE_SEED, 2])
    return [replace(utterance, sound=change(utterance.sound, random)) for utterance in utterances]


def without_speech(shared: Path) -> dict[str, F32]:
    """Sounds in which the mouth shall stay shut: silence, noise and music made here, and a person's breath where it was recorded."""
    random = np.random.default_rng([_NOISE_SEED, 3])
    count = round(_QUIET_S * RATE_HZ)
    return {
        "silence": np.zeros(count, np.float32),
        "noise": np.concatenate([coloured(random, count, slope) for slope in (0.0, 3.0, 6.0)]),
        "music": np.concatenate([music(random, count) for _ in range(4)]),
        "breath": np.concatenate([breath(random, count) for _ in range(2)]),
        "breath, recorded": _recording(shared, "en_mfa_breaths.flac"),
    }


def _recording(shared: Path, name: str) -> F32:
    return (load_audio(shared / "speech" / name, RATE_HZ) / 32768.0).astype(np.float32)


def laughter_figures(shown: Shown) -> dict[str, float]:
    smile = shown.weights[:, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]].mean(axis=1)
    return {"opening_mean": float(shown.opening.mean()), "opening_p90": float(np.percentile(shown.opening, 90)),
            "smile_mean": float(smile.mean()), "smile_p90": float(np.percentile(smile, 90))}  # fmt: skip


def measure(
    shared: Path, say: Say, *, peers: bool = True, weights: Path | None = None, plot: Path | None = None
) -> dict[str, Any]:
    """All figures as JSON, by hearer."""
    left_out: list[str] = []
    say("aligning the recordings")
    human = list(test_recordings(shared, left_out.append))
    english = [utterance for utterance in human if utterance.language == "en"]
    languages = {
        "espeak": list(test_lines()),
        "festival": list(festival_test_lines()),
    }
    groups: dict[str, list[Utterance]] = {
        "English, people": english,
        "eight languages, unheard eSpeak voices": languages["espeak"],
        "five languages, voices of unheard people (Festival)": languages["festival"],
        **{f"{name}, people": [u for u in human if u.language == code] for name, code in _HUMAN.items()},
        "English: whispered": otherwise(english, whispered),
        "English: shouted": otherwise(english, shouted),
        "English: telephone, 8 kHz": otherwise(english, over_telephone),
        "English: noise at 10 dB": at_ten_db(english),
        "English: in a room": otherwise(english, in_a_room),
    }
    hearers: list[Hearer] = [OurModel(VoiceModel(weights) if weights else VoiceModel())]
    if peers:
        hearers.append(Sphinx())
    rows: dict[str, Any] = {}
    if plot is not None:
        _draw(plot, hearers, english[_PLOTTED])
    for hearer in hearers:
        say(f"measuring {hearer.name}")
        speech = {name: _as_json(speech_figures(hearer, utterances)) for name, utterances in groups.items() if utterances}
        quiet = {name: float(hearer.hear(sound).opening.mean()) for name, sound in without_speech(shared).items()}
        laughs = laughter_figures(hearer.hear(_recording(shared, "en_mfa_laughter.flac")))
        rows[hearer.name] = {
            "note": hearer.note,
            "core_share": _core_share(hearer, english),
            "speech": speech,
            "opening_without_speech": quiet,
            "laughter": laughs,
        }
    say("listening")
    nods = nods_while_listening(two_person_talk(human, 1))
    listening = {"minutes": nods.minutes, "per_minute": nods.per_minute, "share_in_pauses": nods.share_in_pauses}
    return {"classes": list(CLASSES), "not_aligned": left_out, "hearers": rows, "listening": listening}


def _draw(path: Path, hearers: Sequence[Hearer], utterance: Utterance) -> None:
    count = frame_count(len(utterance.sound))
    openings = {"known phones": sampled(known_motion(utterance.sound, utterance.phones), count)[0]}
    openings |= {hearer.name: hearer.hear(utterance.sound).opening for hearer in hearers}
    write_plot(path, f"How open the lips are: {utterance.speaker}", openings, utterance.phones)


def _core_share(hearer: Hearer, utterances: Sequence[Utterance]) -> float:
    """CPU time of listening alone, of one second of sound."""
    spent_s = sum(hearer.listening_s(utterance.sound) for utterance in utterances)
    return spent_s / sum(len(utterance.sound) / RATE_HZ for utterance in utterances)


_HUMAN: Final = {"German": "de", "Mandarin": "cmn", "Japanese": "ja", "Swedish": "sv"}


def _as_json(speech: Speech) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name in Speech.__dataclass_fields__
        for value in [getattr(speech, name)]
    }


def table(measured: dict[str, Any]) -> str:
    """Markdown: a table for speech, one for what is no speech."""
    out = []
    head = "| | accuracy | commonest class | closure recall | closure precision | lag, ms | likeness |\n|---|---|---|---|---|---|---|"
    for name, rows in measured["hearers"].items():
        out.append(f"**{name}** ({rows['note']}; {100 * rows['core_share']:.1f} % of a core)\n\n{head}")
        for kind, figures in rows["speech"].items():
            recall = f"{_two(figures['closure_recall'])} of {figures['bilabials']}"
            lag = "–" if figures["lag_to_phones_ms"] is None else f"{figures['lag_to_phones_ms']:+.0f}"
            out[-1] += (
                f"\n| {kind} ({figures['utterances']}) | {_two(figures['accuracy'])} | {_two(figures['majority'])} | {recall} "
                f"| {_two(figures['closure_precision'])} | {lag} | {_two(figures['likeness'])} |"
            )
    names = list(measured["hearers"])
    second = "| mean opening in | " + " | ".join(names) + " |\n|---|" + "---|" * len(names)
    for sound in next(iter(measured["hearers"].values()))["opening_without_speech"]:
        second += (
            f"\n| {sound} | "
            + " | ".join(f"{measured['hearers'][n]['opening_without_speech'][sound]:.3f}" for n in names)
            + " |"
        )
    for figure, words in (
        ("opening_p90", "laughter, recorded: opening, 90th percentile"),
        ("smile_p90", "laughter, recorded: smile, 90th percentile"),
    ):
        second += f"\n| {words} | " + " | ".join(f"{measured['hearers'][n]['laughter'][figure]:.2f}" for n in names) + " |"
    nods = measured["listening"]
    third = (
        f"Listening to {nods['minutes']:.1f} minutes of a user's turns: {nods['per_minute']:.1f} nods a minute, "
        f"{100 * nods['share_in_pauses']:.0f} % of them begin outside words."
    )
    return "\n\n".join([*out, second, third]) + "\n"


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def write_json(path: Path, measured: dict[str, Any]) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
