"""The questions of one call to one FHIR server: asked side by side, awaited until the deadline."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial

from cds_service.fetching.lacks import Lack
from cds_service.fetching.merging import Came
from cds_service.fetching.paging import Allowance, Limits, Server, Walk, next_page
from cds_service.fetching.pool import Pool
from cds_service.fetching.refusals import Why
from cds_service.fetching.scopes import EVERYTHING, Query, Scopes
from cds_service.fetching.searches import IDS, Questions
from cds_service.fetching.wants import Wants
from fhir_mappings.gathering import INDISPENSABLE_SEARCH, Unfinished

PATIENT, MEDICATION = "Patient", "Medication"
FIRST = (PATIENT, INDISPENSABLE_SEARCH)  # where threads are short: without these there is no answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One thing that is wanted, and the searches for it."""

    kinds: tuple[str, ...]
    walks: tuple[Walk, ...] = ()
    whole: bool = True
    limited: Lack | None = None  # why it cannot be had, or not all of it, whatever the server says

    def came(self) -> Came:
        """What has come so far."""
        came = [walk.came() for walk in self.walks]
        lack = next((lack for _, lack in came if lack is not None), self.limited)
        pages = tuple(page for pages, _ in came for page in pages)
        return Came(kinds=self.kinds, whole=self.whole, pages=pages, lack=lack)

    def whys(self) -> Iterable[tuple[str, Why]]:
        """Why requests failed, by type."""
        return ((kind, walk.why) for kind in self.kinds for walk in self.walks if walk.why is not None)


class Asker:
    """What may be asked in one call."""

    def __init__(
        self, server: Server, scopes: Scopes, questions: Questions, patient_id: str, limits: Limits
    ) -> None:
        self.server = server
        self._scopes, self._questions, self._patient_id = scopes, questions, patient_id
        self._pages, self._allowance = limits.pages, Allowance(limits)

    def questions(self, wants: Wants) -> list[Asked]:
        """All that is wanted at first."""
        kinds = sorted(wants.missing | wants.partial, key=lambda kind: (kind not in FIRST, kind))
        asked = [self._all_of(kind) for kind in kinds]
        going_on = (self._on_from(bundle) for bundle in wants.unfinished)
        return [*asked, *(found for found in going_on if found is not None)]

    def about_medications(self, ids: Sequence[str]) -> list[Asked]:
        """The Medications with these ids."""
        queries = self._scopes.searches(MEDICATION)
        chunks = [ids[start : start + IDS] for start in range(0, len(ids), IDS)]
        return [
            self._question(MEDICATION, queries, partial(self._questions.medications, chunk))
            for chunk in chunks
        ]

    def _all_of(self, kind: str) -> Asked:
        """All of one type: the read or the search of the prefetch table."""
        if kind == PATIENT:
            path = self._questions.read(kind, self._patient_id)
            return self._question(kind, EVERYTHING if self._scopes.may_read(kind) else (), lambda _: path)
        search = partial(self._questions.search, kind, self._patient_id)
        return self._question(kind, self._scopes.searches(kind), search)

    def _on_from(self, bundle: Unfinished) -> Asked | None:
        """The pages that follow a Bundle of the prefetch, where the token permits all that it holds."""
        if not all(self._scopes.searches(kind) == EVERYTHING for kind in bundle.kinds):
            return None
        url = next_page(self.server, f"{self.server.base}/", bundle.next or "", bundle.kinds)
        if url is None:
            return Asked(kinds=bundle.kinds, whole=False, limited=Lack.NEXT_PAGE)
        return Asked(kinds=bundle.kinds, whole=False, walks=(self._walk(bundle.kinds, url),))

    def _question(self, kind: str, queries: tuple[Query, ...], path: Callable[[Query], str]) -> Asked:
        """One search for each of the queries that the token permits."""
        if not queries:
            return Asked(kinds=(kind,), limited=Lack.NOT_PERMITTED)
        walks = tuple(self._walk((kind,), f"{self.server.base}/{path(query)}") for query in queries)
        return Asked(
            kinds=(kind,), walks=walks, limited=None if queries == EVERYTHING else Lack.PERMITTED_IN_PART
        )

    def _walk(self, kinds: tuple[str, ...], url: str) -> Walk:
        return Walk(self.server, kinds, url, self._allowance, self._pages)


def awaited(
    asked: Sequence[Asked],
    *,
    first: Sequence[Asked],
    then: Callable[[], list[Asked]],
    pool: Pool,
    deadline: float,
) -> list[Asked]:
    """Run all searches until they end or the time is over.

    Args:
        asked: What is asked at once.
        first: Those of them that must have ended before `then` can tell what else to ask.
        then: Gives more.
        pool: Where they run; what it has no room for is not asked, as if it came too late.
        deadline: On `time.monotonic`.

    Returns:
        All that was asked, with what `then` gave where there was time for it.
    """
    running = {walk: pool.submit(walk.run) for one in asked for walk in one.walks}
    before = {running[walk] for one in first for walk in one.walks}
    pending = _started(running.values())
    more: list[Asked] | None = None
    while True:
        if more is None and before.isdisjoint(pending):
            more = then()
            pending |= _started(pool.submit(walk.run) for one in more for walk in one.walks)
        left = deadline - time.monotonic()
        if not pending or left <= 0:
            break
        done, pending = wait(pending, left, FIRST_COMPLETED)
        for future in done:
            future.result()  # a defect of ours is not a data gap
    for future in pending:
        future.cancel()
    return [*asked, *(more or ())]


def _started(futures: Iterable["Future[None] | None"]) -> set["Future[None]"]:
    return {future for future in futures if future is not None}
