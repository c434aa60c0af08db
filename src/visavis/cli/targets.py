"""Files that a command will write: checked before the work begins."""

from __future__ import annotations

from pathlib import Path

from visavis.errors import BadInput


def check_target(path: Path) -> None:
    """Raises BadInput where `path` is a folder or lies in none."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder.", mend="Name a file.")
    if not path.absolute().parent.is_dir():
        raise BadInput(f"There is no folder {path.parent}.", mend="Make it first, or choose another file.")
