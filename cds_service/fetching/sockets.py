"""Sockets on which a time-out is for all that follows, not for each read.

Python's own time-out starts anew with every piece, so a server that sends a byte a second is never
late. http.client reads through `recv_into` and writes through `sendall`; both look at the clock here.
"""

import socket
import ssl
import time
from typing import TYPE_CHECKING

SHORTEST_S = 0.0005  # a time-out of 0 would mean: do not wait at all

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    _Socket = socket.socket
else:
    _Socket = object


def left(deadline: float) -> float:
    """Seconds until a deadline of `time.monotonic`, never 0."""
    return max(SHORTEST_S, deadline - time.monotonic())


class _UntilDeadline(_Socket):
    """Takes the time-out that was set last as the time until a deadline."""

    _deadline: float | None = None

    def settimeout(self, value: float | None, /) -> None:
        self._deadline = None if value is None else time.monotonic() + value
        super().settimeout(value)

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        self._spend()
        return super().send(data, flags)

    def sendall(self, data: "ReadableBuffer", flags: int = 0) -> None:
        self._spend()
        super().sendall(data, flags)

    def _spend(self) -> None:
        """Grant the next step what is left, if anything is."""
        if self._deadline is not None:
            seconds = self._deadline - time.monotonic()
            if seconds <= 0:
                raise TimeoutError
            super().settimeout(seconds)


class TimedSocket(_UntilDeadline, socket.socket):
    """A TCP socket."""

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        """Read, while there is time."""
        self._spend()
        return super().recv_into(buffer, nbytes, flags)


class TimedTLSSocket(_UntilDeadline, ssl.SSLSocket):
    """The same with TLS; the handshake is one step to Python, and ends in time by itself."""

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int | None = None, flags: int = 0) -> int:
        """Read, while there is time."""
        self._spend()
        return super().recv_into(buffer, nbytes, flags)
