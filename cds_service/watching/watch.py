"""What the service tells its watchers: one method for each thing that happens. Nothing here knows Flask."""

from collections.abc import Iterable, Iterator

from cds_service.memory.records import CallRecord, CardRecord
from cds_service.tracing import Tracing
from cds_service.watching import families
from cds_service.watching.counting import Count, Counts
from cds_service.watching.stages import Stages
from cds_service.watching.words import DEFECT, HOOKS, ILL_FORMED, INDICATORS, LAUNCH_STEPS, NOT_KEPT, OUTCOMES


class Watch:
    """Counts, and traces where they are wanted. One for each service, for all its threads and processes."""

    def __init__(self, counts: Counts, tracing: Tracing | None = None) -> None:
        self.counts = counts
        self._tracing = tracing

    def begin_at_zero(self, tenants: Iterable[str]) -> None:
        """Before the fork: have what alerts ask for from the start, for a first event is no increase."""
        self.counts.count(_zeros(tenants))

    def begin(self) -> None:
        """A worker has been forked."""
        if self._tracing is not None:
            self._tracing.begin()

    def answered(self, record: CallRecord, stages: Stages, *, recorded: bool = True) -> None:
        """A hook call has its answer.

        Args:
            record: What is written down of it.
            stages: How long its steps took.
            recorded: Whether it could be written down.
        """
        self.counts.count(_of_call(record, stages, recorded=recorded))
        if self._tracing is not None:
            self._tracing.answered(record, stages)

    def refused(self, status: int, reason: str) -> None:
        """A request gets an error.

        Args:
            status: HTTP.
            reason: Of a 401 the word of `trust.errors.Reason`, else the type of the error.
        """
        self.counts.count([(families.REFUSED, (str(int(status)), str(reason)), 1.0)])

    def failed(self) -> None:
        """A request gets a 500: a defect of ours."""
        self.refused(500, DEFECT)

    def fetched(self, outcome: str, seconds: float) -> None:
        """A request to a client's FHIR server came to an end: "ok" or a word of `fetching.refusals.Why`."""
        self.counts.count([(families.FETCHES, (str(outcome),), seconds)])

    def keys_not_fetched(self, tenants: Iterable[str], reason: str) -> None:
        """A key set could not be fetched, which concerns these tenants."""
        self.counts.count([(families.KEY_FAILURES, (tenant, str(reason)), 1.0) for tenant in tenants])

    def feedback(self, tenant: str, outcomes: Iterable[str]) -> None:
        """Items of feedback are kept: the outcome of each."""
        self.counts.count([(families.FEEDBACK, (tenant, str(outcome)), 1.0) for outcome in outcomes])

    def feedback_ill_formed(self, items: int = 1) -> None:
        """So many items of feedback could not be read."""
        self.counts.count([(families.FEEDBACK_REFUSED, (ILL_FORMED,), float(items))])

    def feedback_not_kept(self, items: int = 1) -> None:
        """There was no place for so many items of feedback."""
        self.counts.count([(families.FEEDBACK_REFUSED, (NOT_KEPT,), float(items))])

    def launched(self, tenant: str, outcome: str) -> None:
        """A launch got a step further, or came to no page: a word of `launch.troubles.Trouble`."""
        self.counts.count([(families.LAUNCHES, (tenant, str(outcome)), 1.0)])


def _of_call(record: CallRecord, stages: Stages, *, recorded: bool) -> list[Count]:
    counts: list[Count] = [(families.CALLS, (record.hook, record.tenant), stages.seconds)]
    counts += [(families.STAGES, (stage,), ended - began) for stage, began, ended in stages.steps]
    counts += [(families.GAPS, (code,), 1.0) for code in record.gaps]
    for card in record.cards:
        counts += _of_card(card, record.hook)
    if not record.memory_asked:
        counts.append((families.MEMORY_NOT_ASKED, (record.hook,), 1.0))
    if not recorded:
        counts.append((families.UNRECORDED, (record.hook,), 1.0))
    return counts


def _of_card(card: CardRecord, hook: str) -> Iterator[Count]:
    if card.id is not None:
        yield families.CARDS, (hook, card.indicator), 1.0
    for item in card.items:
        yield families.RECOMMENDATIONS, (item.recommendation, item.fate), 1.0
        if item.reason is not None:
            yield families.HELD, (item.fate, item.reason), 1.0


def _zeros(tenants: Iterable[str]) -> Iterator[Count]:
    for hook in HOOKS:
        yield families.MEMORY_NOT_ASKED, (hook,), 0.0
        yield families.UNRECORDED, (hook,), 0.0
        for indicator in INDICATORS:
            yield families.CARDS, (hook, indicator), 0.0
    for reason in (ILL_FORMED, NOT_KEPT):
        yield families.FEEDBACK_REFUSED, (reason,), 0.0
    yield families.REFUSED, ("500", DEFECT), 0.0
    for tenant in tenants:
        for outcome in OUTCOMES:
            yield families.FEEDBACK, (tenant, outcome), 0.0
        for step in LAUNCH_STEPS:
            yield families.LAUNCHES, (tenant, step), 0.0
