"""The one error tree. An error says what is wrong and how to mend it; the edge that can answer handles it, once."""

from __future__ import annotations


class VisavisError(Exception):
    """Any failure the world can cause. `str(error)` is one line: what is wrong, then the mend.

    `code` names the kind on the wire, `http_status` is what the HTTP surface answers with.
    """

    code = "error"
    http_status = 500

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message} {self.mend}" if self.mend else self.message


class BadInput(VisavisError):
    """What a stranger handed over cannot be used: a file, a message, a value."""

    code = "bad_input"
    http_status = 400


class TooLarge(BadInput):
    """The input is beyond a stated bound."""

    code = "too_large"
    http_status = 413


class NotFound(VisavisError):
    """A name that nothing answers to."""

    code = "not_found"
    http_status = 404


class NotAllowed(VisavisError):
    """A missing or wrong access token."""

    code = "not_allowed"
    http_status = 401


class Busy(VisavisError):
    """The machine holds as many sessions as it can; the rest must stay smooth."""

    code = "busy"
    http_status = 503


class Unavailable(VisavisError):
    """A part this needs is missing or broken on this machine: an asset, a model, a key, a device."""

    code = "unavailable"
    http_status = 503


class BadSettings(VisavisError):
    """A setting, flag or environment variable that cannot be used."""

    code = "bad_settings"
    http_status = 500
