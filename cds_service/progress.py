"""A progress bar for anything that takes over a second; none where standard error is no terminal."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

T = TypeVar("T")
PATIENCE_S = 1.0


def tracked(items: Sequence[T], what: str) -> Iterator[T]:
    """Each of `items`; past a second of it, with a bar on standard error."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield from items
        return
    began = time.monotonic()
    with Progress(console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task(what, total=len(items), visible=False)
        for item in items:
            yield item
            late = time.monotonic() - began > PATIENCE_S
            progress.update(task, advance=1, visible=late, refresh=late)
