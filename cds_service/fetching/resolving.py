"""Asks for the addresses of a name, in bounded time."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeAlias

Resolver: TypeAlias = Callable[[str, int], Sequence[str]]
AT_ONCE = 16  # questions under way; a name server that hangs must not cost a thread a call


def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses of a host as the operating system knows them.

    Raises:
        OSError: there is no such name.
    """
    known = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in known))


class Resolving:
    """A resolver with a deadline.

    The operating system's question cannot be called back, so a thread of its own asks and is left
    to end by itself; there are never more than `AT_ONCE`.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def addresses(self, host: str, port: int, deadline: float) -> Sequence[str]:
        """The addresses of a host.

        Raises:
            TimeoutError: not known by the deadline (`time.monotonic`).
            OSError: there is no such name.
        """
        if not self._free.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise TimeoutError
        answer: Future[Sequence[str]] = Future()
        try:
            threading.Thread(target=self._ask, args=(host, port, answer), daemon=True).start()
        except RuntimeError as error:  # no thread is to be had
            self._free.release()
            raise OSError from error
        return answer.result(timeout=max(0.0, deadline - time.monotonic()))

    def _ask(self, host: str, port: int, answer: "Future[Sequence[str]]") -> None:
        try:
            answer.set_result(self._resolver(host, port))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA does not encode
            answer.set_exception(error if isinstance(error, OSError) else OSError())
        finally:
            self._free.release()
