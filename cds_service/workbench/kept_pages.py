"""Pages that came from a form, kept so that each has an address: a reload shows it again and sends nothing.

They are kept in memory that the workers share, the newest of them only, and never in a file: they hold a
patient's record. What is too large to be kept is shown without an address of its own.
"""

import fcntl
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from cds_service.nameless_files import nameless_file

MOST_PAGES = 512
MOST_BYTES = 64 * 1024 * 1024
_HEAD = struct.Struct("<QQ")  # pages kept, bytes written since the start, padding too
_ENTRY = struct.Struct("<16sQQ")  # the page's id, where it begins among all bytes ever written, its length
_FIRST = _HEAD.size + MOST_PAGES * _ENTRY.size


class KeptPages:
    """A ring of pages; made before the fork."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Empty; with all its pages it takes `most_bytes`, and less while there are few."""
        self._size = most_bytes
        self._file = nameless_file("backpath-pages")
        os.ftruncate(self._file, _FIRST)
        self._threads = threading.Lock()  # the kernel's lock is between processes only

    def keep(self, page: bytes) -> str | None:
        """The page's id, which cannot be guessed; None: it is too large."""
        if len(page) > self._size:
            return None
        own_id = uuid4()
        with self._alone():
            count, end = _HEAD.unpack(os.pread(self._file, _HEAD.size, 0))
            left = self._size - end % self._size
            begin = end if len(page) <= left else end + left
            _write(self._file, page, _FIRST + begin % self._size)
            entry = _ENTRY.pack(own_id.bytes, begin, len(page))
            _write(self._file, entry, _HEAD.size + count % MOST_PAGES * _ENTRY.size)
            _write(self._file, _HEAD.pack(count + 1, begin + len(page)), 0)
        return own_id.hex

    def kept(self, page_id: str) -> bytes | None:
        """A page; None: there is none of that id, or it had to make room for newer ones."""
        try:
            wanted = UUID(hex=page_id).bytes
        except ValueError:
            return None
        with self._alone():
            _, end = _HEAD.unpack(os.pread(self._file, _HEAD.size, 0))
            entries = os.pread(self._file, _FIRST - _HEAD.size, _HEAD.size)
            for found, begin, length in _ENTRY.iter_unpack(entries):
                if found == wanted and length and end - begin <= self._size:
                    return os.pread(self._file, length, _FIRST + begin % self._size)
        return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._threads:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


def _write(file: int, data: bytes, place: int) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(file, data[done:], place + done)
