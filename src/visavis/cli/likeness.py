"""Whose face it is, and by what right: asked at a terminal, said by flags in scripts, never assumed."""

from __future__ import annotations

import datetime
import sys
from typing import TYPE_CHECKING, Final

from visavis.errors import BadInput

if TYPE_CHECKING:
    from visavis.avatars import Likeness
    from visavis.session.creation import Kind

ORIGIN_OF: Final = {"picture": "photograph", "character": "character", "splats": "capture", "capture": "capture"}
MEND: Final = "Say so with --i-have-the-right, and who agreed with --consent."


def ask_likeness(
    kind: Kind, source_name: str, *, origin: str | None, statement: str | None, consent: str | None, right: bool
) -> Likeness:
    """What goes into the bundle's `[likeness]`. Raises BadInput where nobody can be asked and the flags do not say it."""
    from pydantic import ValidationError

    from visavis.avatars import Likeness

    origin = origin or ORIGIN_OF[kind]
    if not right:
        if not sys.stdin.isatty():
            raise BadInput("Nobody has said that this likeness may be used.", mend=MEND)
        if input("  Do you have the right to use this likeness? [y/N] ").strip().lower() not in {"y", "yes"}:
            raise BadInput("Without that right no avatar is made.")
    if origin in {"photograph", "capture"} and not consent:
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        if sys.stdin.isatty() and not right:
            consent = input("  Who agreed to its use, and when? ").strip() or None
        consent = consent or f"The maker of this bundle declared the right to use it on {today}."
    try:
        return Likeness.model_validate(
            {"origin": origin, "statement": statement or f"Made from {source_name}.", "consent": consent}
        )
    except ValidationError as error:
        raise BadInput(error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ") + ".", mend=MEND) from None
