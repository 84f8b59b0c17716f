"""One search and the pages that follow it, read one after the other against the call's deadline."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cds_service.fetching.lacks import Lack, lack_of
from cds_service.fetching.reach import Reach, place_of
from cds_service.fetching.refusals import NotFetchedError, Why
from fhir_mappings.gathering import Gathered, gather_page


class Reader(Protocol):
    """What reads a URL, guarded: `cds_service.fetching.web.Web`."""

    def get(
        self, url: str, *, headers: Mapping[str, str], reach: Reach, deadline: float, limit_bytes: int
    ) -> bytes:
        """The body.

        Raises:
            NotFetchedError: it cannot be had, with the reason.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is read."""

    count: int = 200  # resources a page that are asked for
    pages: int = 10  # of one search
    following: int = 20  # pages that follow a first one, in a whole call
    page_bytes: int = 8 * 1024 * 1024
    call_bytes: int = 32 * 1024 * 1024  # of a whole call


class Allowance:
    """What a call may still read; its searches run side by side and share it."""

    def __init__(self, limits: Limits) -> None:
        self._pages, self._bytes = limits.following, limits.call_bytes
        self._page_bytes = limits.page_bytes
        self._lock = threading.Lock()

    def takes_page(self) -> bool:
        """Whether one more page may be followed; counts it."""
        with self._lock:
            self._pages -= 1
            return self._pages >= 0

    def bytes_left(self) -> int:
        """The largest body that may be read now."""
        with self._lock:
            return min(self._page_bytes, self._bytes)

    def spend(self, size: int) -> None:
        """Count what was read."""
        with self._lock:
            self._bytes -= size


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One FHIR server as one call may use it."""

    reader: Reader
    base: str  # without a slash at the end
    reach: Reach
    headers: Mapping[str, str] = field(repr=False)
    deadline: float  # on `time.monotonic`

    def get(self, url: str, limit_bytes: int) -> bytes:
        """The body.

        Raises:
            NotFetchedError: it cannot be had, with the reason.
        """
        if time.monotonic() >= self.deadline:
            raise NotFetchedError(Why.TIMEOUT)
        return self.reader.get(
            url, headers=self.headers, reach=self.reach, deadline=self.deadline, limit_bytes=limit_bytes
        )


class Walk:
    """A first page and those that follow it; what came stays, whatever becomes of the next."""

    def __init__(
        self, server: Server, kinds: tuple[str, ...], url: str, allowance: Allowance, pages: int
    ) -> None:
        """Prepare to read.

        Args:
            server: Whom to ask.
            kinds: The types that it answers for: one; several where it goes on from a mixed Bundle.
            url: The first page, absolute.
            allowance: What the whole call may still read.
            pages: How many this search may read.
        """
        self.kinds = kinds
        self._server, self._url, self._allowance, self._most = server, url, allowance, pages
        self._pages: list[Gathered] = []
        self._lack: Lack | None = Lack.LATE  # until it has come to an end
        self.why: Why | None = None

    def run(self) -> None:
        """Read until the last page, or until something stands in the way. Runs in a thread of its own."""
        try:
            self._lack = self._walked()
        except NotFetchedError as error:
            self.why = error.why
            self._lack = lack_of(error.why)

    def came(self) -> tuple[tuple[Gathered, ...], Lack | None]:
        """The pages so far, and why there are no more; None: these are all."""
        lack = self._lack  # first: a page that comes meanwhile must not count as the last
        return tuple(self._pages), lack

    def _walked(self) -> Lack | None:
        url: str | None = self._url
        seen: set[str] = set()
        while url is not None:
            if url in seen:
                return Lack.NEXT_PAGE
            if seen and (len(seen) >= self._most or not self._allowance.takes_page()):
                return Lack.TOO_MUCH
            seen.add(url)
            page = self._page(url)
            if page is None:
                return Lack.UNUSABLE
            self._pages.append(page)
            if not page.unfinished:
                return None
            url = self._following(url, page)
        return Lack.NEXT_PAGE

    def _page(self, url: str) -> Gathered | None:
        body = self._server.get(url, self._allowance.bytes_left())
        self._allowance.spend(len(body))
        return gather_page(self.kinds, body)

    def _following(self, url: str, page: Gathered) -> str | None:
        link = page.unfinished[0].next
        return None if link is None else next_page(self._server, url, link, self.kinds)


def next_page(server: Server, url: str, link: str, kinds: tuple[str, ...]) -> str | None:
    """Where a `next` link leads; None where it must not be followed.

    It must stay below the base, and ask for nothing but these types as far as its path tells: the
    token may not permit another.
    """
    try:
        place = server.reach.following(place_of(url), link)
        base = place_of(server.base).path.rstrip("/")
    except NotFetchedError:
        return None
    segments = [segment for segment in place.path.removeprefix(base).split("/") if segment]
    first = segments[0] if segments else ""
    of_another_type = first[:1].isupper() and first not in kinds
    is_operation = any(segment.startswith("$") for segment in segments)
    return None if of_another_type or is_operation else place.url
