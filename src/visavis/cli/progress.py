"""Progress of long work, drawn on stderr: one bar that says what is being done; plain lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Report = Callable[[str, float], None]
"""Called with what is being done and the part of it done, 0 to 1."""

console = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def progress_bar() -> Iterator[Report]:
    """Nothing is shown while nothing is reported."""
    said: list[str] = []
    bar = Progress(
        TextColumn("  {task.description:<36}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task("", total=1.0, visible=False)

    def report(doing: str, part: float) -> None:
        if not said or said[-1] != doing:
            said.append(doing)
            if not console.is_terminal:
                console.print(f"  {doing}")
        bar.update(task, description=doing, completed=min(1.0, part), visible=console.is_terminal)

    with bar:
        yield report
