"""Progress bars for long work, drawn on stderr; plain lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Report = Callable[[str, float], None]
"""Called with what is being done and the part of it done, 0 to 1."""

console = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def progress_bar() -> Iterator[Report]:
    """One bar for each thing that is being done; a new description starts a new bar."""
    with Progress(
        TextColumn("  {task.description:<44}"), BarColumn(), TimeElapsedColumn(), console=console, transient=False
    ) as bars:
        known: dict[str, TaskID] = {}

        def report(doing: str, part: float) -> None:
            if doing not in known:
                known[doing] = bars.add_task(doing, total=1.0)
            bars.update(known[doing], completed=min(1.0, part))

        yield report
