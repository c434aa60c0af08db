"""The command line: `visavis COMMAND`. Each command is a small file here; `--help` shows an example of each."""

from __future__ import annotations

import sys

from rich.console import Console


def main() -> None:
    """Entry point. A failure the world caused is one line on stderr and exit status 1."""
    from visavis.cli.commands import app
    from visavis.errors import VisavisError

    try:
        app()
    except VisavisError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]visavis:[/] {_escaped(str(error))}")
        sys.exit(1)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(" ".join(text.split()))
