"""Times the requests to FHIR servers."""

import time
from collections.abc import Callable, Mapping

from cds_service.fetching.paging import Reader
from cds_service.fetching.reach import Reach
from cds_service.fetching.refusals import NotFetchedError
from cds_service.watching.words import FETCHED


class WatchedReader:
    """A reader that tells how each reading ended, and how long it took."""

    def __init__(self, reader: Reader, fetched: Callable[[str, float], None]) -> None:
        """Read with `reader`; `fetched` hears of each: the outcome in a word, and seconds."""
        self._reader, self._fetched = reader, fetched

    def get(
        self, url: str, *, headers: Mapping[str, str], reach: Reach, deadline: float, limit_bytes: int
    ) -> bytes:
        """The body.

        Raises:
            NotFetchedError: it cannot be had, with the reason.
        """
        began = time.perf_counter()
        try:
            body = self._reader.get(
                url, headers=headers, reach=reach, deadline=deadline, limit_bytes=limit_bytes
            )
        except NotFetchedError as error:
            self._fetched(error.why.value, time.perf_counter() - began)
            raise
        self._fetched(FETCHED, time.perf_counter() - began)
        return body
