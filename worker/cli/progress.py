"""The progress bar of commands that wait for an analysis."""

from __future__ import annotations

import sys
from collections.abc import Callable


def progress_bar() -> tuple[Callable[[float], None], Callable[[], None]]:
    """Starts a bar on stderr; returns a function that sets the share done (0-1), and one to end it.

    Both do nothing where stderr is not a terminal.
    """
    if not sys.stderr.isatty():
        return (lambda _share: None), (lambda: None)
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task("analysing", total=1.0)
    bar.start()
    return (lambda share: bar.update(task, completed=share)), bar.stop
