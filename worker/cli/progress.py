"""The progress bar of commands that analyse in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable


def progress_bar() -> tuple[Callable[[float], None], Callable[[], None]]:
    """A bar on stderr and how to end it; does nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        return (lambda _share: None), (lambda: None)
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task("analysing", total=1.0)
    bar.start()
    return (lambda share: bar.update(task, completed=share)), bar.stop
