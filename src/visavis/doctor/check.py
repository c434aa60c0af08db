"""One finding: what was looked at, how it stands, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from visavis.errors import VisavisError


class Status(StrEnum):
    OK = "ok"
    INFO = "info"
    """Neither good nor bad."""
    WARN = "warn"
    """A conversation is possible, but something in it is worse or missing."""
    FAIL = "fail"
    """Something that a conversation needs does not work."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    status: Status
    detail: str
    mend: str = ""

    @staticmethod
    def failed(name: str, error: VisavisError, status: Status = Status.FAIL) -> Check:
        return Check(name, status, error.message, error.mend)


def healthy(checks: Iterable[Check]) -> bool:
    """Whether nothing that is needed fails."""
    return all(check.status is not Status.FAIL for check in checks)
