"""The table within docs/lipsync.md, between two marks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from visavis.errors import BadInput

BEGIN: Final = "<!-- made by `visavis train speech report` -->"
END: Final = "<!-- end -->"


def write_page(path: Path, text: str) -> None:
    """Put `text` between the marks. Raises BadInput where the page lacks them."""
    page = path.read_text(encoding="utf-8") if path.is_file() else ""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BadInput(f"{path} has no place for the table.", mend=f"Put two lines into it: {BEGIN} and {END}")
    part = path.with_name(path.name + ".part")
    part.write_text(f"{before}{begin}\n\n{text}\n{end}{after}", encoding="utf-8")
    part.replace(path)
