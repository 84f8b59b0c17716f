"""How long each step of a hook call took."""

import time
from enum import StrEnum


class Stage(StrEnum):
    """The steps, in their order."""

    ADMITTING = "admitting"  # the token, and the rate of the site
    READING = "reading"  # the body
    FETCHING = "fetching"  # what the prefetch lacks
    DECIDING = "deciding"  # facts, and what follows from them
    REMEMBERING = "remembering"  # what was shown and answered before
    RENDERING = "rendering"  # the answer in the client's dialect
    WRITING = "writing"  # the record of the call


class Stages:
    """A stopwatch: begins when it is made, and each `ended` ends the step that was under way."""

    __slots__ = ("_last", "began", "steps")

    def __init__(self) -> None:
        self.began = self._last = time.perf_counter()
        self.steps: list[tuple[Stage, float, float]] = []  # began, ended: s on `time.perf_counter`

    def ended(self, stage: Stage) -> None:
        """A step is done; the next begins."""
        now = time.perf_counter()
        self.steps.append((stage, self._last, now))
        self._last = now

    @property
    def seconds(self) -> float:
        """From the beginning to the end of the last step."""
        return self._last - self.began
