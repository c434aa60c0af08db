"""`--advise`: which engine fits stated needs, judged from measured rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

from visavis.bench.row import Row
from visavis.bench.subject import Facts, Likeness, Subject
from visavis.errors import BadInput

MEND: Final = "Say it as: latency=300 hardware=cpu likeness=photo control=60 training=none sessions=2."


@dataclass(frozen=True)
class Needs:
    """What is asked for; None where nothing is.

    latency_ms  the reply's first sample is heard within it (`response_ms` p50)
    hardware    "cpu": no GPU may be needed
    likeness    what a person is to be made from
    controls    at least so many controls truly steer the picture
    no_training nothing may have to be trained for a new person
    sessions    at least so many at once on this machine
    """

    latency_ms: float | None = None
    hardware: str | None = None
    likeness: str | None = None
    controls: int | None = None
    no_training: bool = False
    sessions: int | None = None


def read_needs(text: str) -> Needs:
    """From words such as `latency=300 hardware=cpu`. Raises BadInput for a word that means nothing."""
    found: dict[str, float | int | str | bool] = {}
    for word in text.replace(",", " ").split():
        key, _, value = word.partition("=")
        match key, value:
            case "latency", _ if _positive(value):
                found["latency_ms"] = float(value)
            case "control", _ if _positive(value):
                found["controls"] = int(float(value))
            case "sessions", _ if _positive(value):
                found["sessions"] = int(float(value))
            case "hardware", "cpu" | "gpu":
                found["hardware"] = value
            case "likeness", _ if value in get_args(Likeness):
                found["likeness"] = value
            case "training", "none":
                found["no_training"] = True
            case _:
                raise BadInput(f"--advise does not understand {word!r}.", mend=MEND)
    if not found:
        raise BadInput("--advise was told no needs.", mend=MEND)
    return Needs(**found)  # type: ignore[arg-type]  # each key was given its own type above


def misfits(needs: Needs, row: Row, facts: Facts) -> list[str]:
    """Why an engine does not fit, one reason each; a figure that was not measured cannot be promised."""
    reasons = []
    if needs.latency_ms is not None:
        if row.response_ms is None:
            reasons.append("its latency was not measured")
        elif row.response_ms.p50 > needs.latency_ms:
            reasons.append(f"it answers after {row.response_ms.p50:.0f} ms")
    if needs.hardware == "cpu" and facts.hardware == "gpu":
        reasons.append("it needs a GPU")
    if needs.likeness is not None and needs.likeness not in facts.identity_from:
        reasons.append(f"it makes people from {' or '.join(sorted(facts.identity_from))}, not from a {needs.likeness}")
    if needs.controls is not None:
        working = row.controls["working"] if row.controls else None
        if working is None:
            reasons.append("its controls were not measured")
        elif working < needs.controls:
            reasons.append(f"{working} controls steer it")
    if needs.no_training and facts.training != "none":
        reasons.append(f"a new person takes {facts.training} of training")
    if needs.sessions is not None:
        if row.sessions is None:
            reasons.append("how many sessions it holds was not measured")
        elif row.sessions < needs.sessions:
            reasons.append(f"this machine holds {row.sessions} sessions of it")
    return reasons


def advise(needs: Needs, rows: Sequence[Row], known: Sequence[Subject]) -> str:
    """One line for each engine: the one that fits (the cheapest of those that do, by cores of a session), or why none does."""
    facts = {subject.name: subject.facts for subject in known}
    judged = [(row, misfits(needs, row, facts[row.engine])) for row in rows if row.engine in facts]
    fitting = sorted((row for row, reasons in judged if not reasons), key=lambda row: row.cores or row.core_ms_per_frame or 0.0)
    if fitting:
        others = f"; {', '.join(sorted({row.engine for row in fitting[1:]} - {fitting[0].engine}))} would do as well"
        return f"Take {fitting[0].engine}: {facts[fitting[0].engine].best_for}{others if len(fitting) > 1 else ''}."
    return "No engine fits: " + " ".join(f"{row.engine}: {', '.join(reasons)}." for row, reasons in judged)


def _positive(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False
