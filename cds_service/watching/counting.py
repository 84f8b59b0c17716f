"""Counts of one service: each process writes its own files, and a reading sums them.

To count costs about a microsecond, takes no time of the disk and never fails: where there is no room left,
figures that are already there go on and new ones are missing.
"""

import os
import threading
import weakref
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import suppress
from math import inf
from pathlib import Path
from shutil import rmtree
from typing import TypeAlias

from prometheus_client import CollectorRegistry
from prometheus_client.mmap_dict import mmap_key
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.utils import floatToGoString

from cds_service.watching.count_files import CountFile
from cds_service.watching.families import Counter, Histogram
from cds_service.watching.places import Place, make_folder
from cds_service.watching.words import Words

# what is counted, the values of its labels, and by how much (a counter) or which value (a histogram)
Count: TypeAlias = tuple[Counter | Histogram, tuple[str, ...], float]


class Counts:
    """One for each service, made before its processes are forked."""

    def __init__(self, words: Words, folder: Path | None = None) -> None:
        """Make the folder, empty.

        Args:
            words: Which values labels may have.
            folder: An empty one that is there already; None: one of its own, removed at the end.

        Raises:
            OSError: there is no room for it.
        """
        self._words = words
        self.folder = folder or make_folder()
        self._lock = threading.Lock()
        self._own = _Process(self.folder, words)
        if folder is None:
            weakref.finalize(self, _remove, self.folder, os.getpid())

    def count(self, counts: Iterable[Count]) -> None:
        """Count all of these, under one lock."""
        self._of_this_process().count(counts)

    def register_at(self, registry: CollectorRegistry) -> None:
        """Have `registry` read the sums over all processes."""
        MultiProcessCollector(registry, path=str(self.folder))  # type: ignore[no-untyped-call]

    def _of_this_process(self) -> "_Process":
        """After a fork the child counts in files of its own."""
        own = self._own
        if own.process != os.getpid():
            with self._lock:
                own = self._own
                if own.process != os.getpid():
                    own = self._own = _Process(self.folder, self._words)
        return own


class _Process:
    """The counts of one process, in its place."""

    def __init__(self, folder: Path, words: Words) -> None:
        self.process = os.getpid()
        self._folder, self._words = folder, words
        self._lock = threading.Lock()
        self._place: Place | None = None
        with suppress(OSError):  # tried again with the first count
            self._place = Place(folder)
        self._files: dict[str, CountFile] = {}  # by type
        # by name and values of the labels as they came
        self._children: dict[tuple[str, tuple[str, ...]], _Child] = {}

    def count(self, counts: Iterable[Count]) -> None:
        children = self._children
        with self._lock:
            for family, values, amount in counts:
                child = children.get((family.name, values)) or self._made(family, values)
                if child is not None:
                    child.add(amount)

    def _made(self, family: Counter | Histogram, values: tuple[str, ...]) -> "_Child | None":
        """The figures of these values, or of "other"; None: no room."""
        known = self._words.bounded(family.labels, values)
        child = self._children.get((family.name, known))
        if child is None:
            try:
                child = _Child(self._file(family.type), family, known)
            except OSError:
                return None
            self._children[family.name, known] = child
        return child

    def _file(self, kind: str) -> CountFile:
        if self._place is None:
            self._place = Place(self._folder)
        if kind not in self._files:
            # the reader takes the type from the name
            self._files[kind] = CountFile(self._folder / f"{kind}_{self._place.number}.db")
        return self._files[kind]


class _Child:
    """One counter or histogram with the values of its labels."""

    __slots__ = ("_bounds", "_buckets", "_file", "_sum")

    def __init__(self, file: CountFile, family: Counter | Histogram, values: tuple[str, ...]) -> None:
        self._file = file
        self._bounds: tuple[float, ...] = ()
        self._buckets: list[int] = []
        ending = "_total"
        if isinstance(family, Histogram):
            self._bounds, ending = family.bounds, "_sum"
            for bound in (*family.bounds, inf):
                named = (*values, floatToGoString(bound))  # type: ignore[no-untyped-call]
                labels = (*family.labels, "le")
                key = mmap_key(family.name, f"{family.name}_bucket", list(labels), list(named), family.help)
                self._buckets.append(file.place(key))
        key = mmap_key(family.name, family.name + ending, list(family.labels), list(values), family.help)
        self._sum = file.place(key)

    def add(self, amount: float) -> None:
        self._file.add(self._sum, amount)
        if self._buckets:
            self._file.add(self._buckets[bisect_left(self._bounds, amount)], 1.0)


def _remove(folder: Path, maker: int) -> None:
    if os.getpid() == maker:  # not the workers, who end earlier
        rmtree(folder, ignore_errors=True)
