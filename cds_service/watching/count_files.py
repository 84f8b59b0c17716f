"""A file of named figures that one process writes and any may read: prometheus_client's multiprocess format.

prometheus_client's own writer makes files with holes: on a full disk the first write to a hole ends the
process with SIGBUS. This one fills the room before it uses it, and without room says so. The reader is
prometheus_client's (`prometheus_client.multiprocess`).

Format: the length that is used (4 bytes) and 4 of padding; then for each figure the length of its key (4),
the key with spaces up to the next multiple of 8, the value and a time stamp (a double each).
"""

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FIRST_BYTES = 32 * 1024
_LENGTH = struct.Struct("i")
_FIGURE = struct.Struct("dd")
_VALUE = struct.Struct("d")
_HEAD = 8


class CountFile:
    """Open for writing; not safe for threads."""

    def __init__(self, file: Path) -> None:
        """Make the file, or go on with what a process left in it.

        Raises:
            OSError: there is no room.
        """
        if not file.exists():
            _make(file)
        self._descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        self._places: dict[str, int] = {}  # offset of the value, by key
        try:
            self._map = self._mapped(max(FIRST_BYTES, os.fstat(self._descriptor).st_size))
        except BaseException:
            os.close(self._descriptor)
            raise
        self._used = _LENGTH.unpack_from(self._map)[0] or _HEAD
        self._places.update(self._found())
        self._set_used(self._used)

    def place(self, key: str) -> int:
        """Where the figure of this name is, made with 0 where there is none.

        Raises:
            OSError: there is no room for it.
        """
        at = self._places.get(key)
        if at is None:
            at = self._places[key] = self._append(key)
        return at

    def add(self, place: int, amount: float) -> None:
        """Add to a figure."""
        value = _VALUE.unpack_from(self._map, place)[0] + amount
        # one assignment: struct.pack_into writes zeros first, which a reader could see
        self._map[place : place + 8] = _VALUE.pack(value)

    def close(self) -> None:
        """Close the file; what it holds stays."""
        self._map.close()
        os.close(self._descriptor)

    def _append(self, key: str) -> int:
        name = key.encode()
        padding = b" " * (_padded(len(name)) - len(name))
        record = _LENGTH.pack(len(name)) + name + padding + _FIGURE.pack(0.0, 0.0)
        if self._used + len(record) > len(self._map):
            self._grow(self._used + len(record))
        start, end = self._used, self._used + len(record)
        self._map[start:end] = record
        self._set_used(end)  # only now is it there for readers
        return end - _FIGURE.size

    def _set_used(self, used: int) -> None:
        self._used = used
        self._map[: _LENGTH.size] = _LENGTH.pack(used)

    def _grow(self, needed: int) -> None:
        size = len(self._map)
        while size < needed:
            size *= 2
        larger = self._mapped(size)
        self._map.close()
        self._map = larger

    def _mapped(self, size: int) -> mmap.mmap:
        missing = size - os.fstat(self._descriptor).st_size
        while missing > 0:  # zeros that are written have room on the disk
            missing -= os.pwrite(self._descriptor, bytes(missing), size - missing)
        return mmap.mmap(self._descriptor, size)

    def _found(self) -> Iterator[tuple[str, int]]:
        at = _HEAD
        while at < self._used:
            length = _LENGTH.unpack_from(self._map, at)[0]
            name = at + _LENGTH.size
            value = name + _padded(length)
            yield self._map[name : name + length].decode(), value
            at = value + _FIGURE.size


def _make(file: Path) -> None:
    """An empty one, all at once: a reader that found a file without its head would fail."""
    begun = file.with_name(f"{file.name}.new")
    try:
        with os.fdopen(
            os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb"
        ) as opened:
            opened.write(_LENGTH.pack(_HEAD).ljust(FIRST_BYTES, b"\0"))
        begun.replace(file)
    except BaseException:
        with suppress(OSError):
            begun.unlink()
        raise


def _padded(length: int) -> int:
    """The room of a key, at least one more than it needs: so the reader expects it."""
    return length + 8 - (length + _LENGTH.size) % 8
