"""What a provider or its plugin says when a start fails, told in our own error tree: one line, the mend, and never a key."""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Final, Self

from visavis.errors import BadSettings, Unavailable, VisavisError
from visavis.hosted.options import Account

SAID_CHARS: Final = 160
NEXT: Final = 'or name a fallback, as in provider=["{}", "rig"].'


class Overheard(logging.Filter):
    """The HTTP status and body that a plugin only writes into its log, and keeps from its caller.

    While open it takes this task's warnings and errors out of that log: the start that failed tells them, once.
    """

    def __init__(self, provider: str) -> None:
        super().__init__()
        self.status: int | None = None
        self.body = ""
        self._logger = logging.getLogger(f"livekit.plugins.{provider}")
        self._task = asyncio.current_task()

    def __enter__(self) -> Self:
        self._logger.addFilter(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._logger.removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or asyncio.current_task() is not self._task:
            return True
        raised = record.exc_info[1] if record.exc_info else None
        told = vars(record) | (vars(raised) if raised is not None else {})
        if isinstance(told.get("status_code"), int):
            self.status, self.body = told["status_code"], str(told.get("body") or told.get("lk.pii.body") or "")
        return False


def refusal(provider: str, account: Account, status: int, body: str = "", secrets: tuple[str, ...] = ()) -> VisavisError:
    """The error for an HTTP status. `secrets` are blotted out of what the provider said."""
    fallback = NEXT.format(provider)
    match status:
        case 401 | 403:
            return BadSettings(f"{provider} refused the key ({status}).", mend=f"Check {account.KEYS[0]}.")
        case 402:
            return Unavailable(f"{provider} says that the account is out of credit (402).", mend=f"Top it up, {fallback}")
        case 408 | 425 | 429:
            return Unavailable(f"{provider} takes no more sessions now ({status}).", mend=f"Wait or ask for more, {fallback}")
        case _ if 400 <= status < 500:
            return BadSettings(f"{provider} refused the start ({status}){_said(body, secrets)}.", mend="Check its ids.")
        case _:
            return Unavailable(f"{provider} failed ({status}).", mend=f"Try again later, {fallback}")


def unreached(provider: str, account: Account) -> Unavailable:
    return Unavailable(f"{provider} cannot be reached at {account.url()}.", mend=f"Check the network, {NEXT.format(provider)}")


def too_late(provider: str, what: str, seconds: float) -> Unavailable:
    return Unavailable(f"{provider} {what} within {seconds:g} s.", mend=f"Try again later, {NEXT.format(provider)}")


def not_understood(provider: str) -> Unavailable:
    mend = f"Update livekit-plugins-{provider}, {NEXT.format(provider)}"
    return Unavailable(f"{provider} answered what its plugin does not understand.", mend=mend)


def _said(body: str, secrets: tuple[str, ...]) -> str:
    """The provider's own words in one short line."""
    for secret in secrets:
        body = body.replace(secret, "…")
    words = " ".join(body.split())
    if not words:
        return ""
    return f": {words[:SAID_CHARS]}{'…' if len(words) > SAID_CHARS else ''}"
