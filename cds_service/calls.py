"""A checked hook call to its answer: complete the chart, decide, recall, speak the client's dialect.

Everything that a client is answered comes through here, and so does what the workbench shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from cards.wire import Answer, AnswerExtension, AnswerIds
from cds_service.decision import Orders, encoded
from cds_service.envelope import HookRequest
from cds_service.errors import MissingDataError
from cds_service.fetching.completion import Completer
from cds_service.memory.considering import Considered, Memory
from cds_service.memory.recorder import Recorder
from cds_service.memory.records import CallRecord
from cds_service.sites import Site
from cds_service.triggers import triggered
from cds_service.uuids import ordered_uuid
from cds_service.watching.stages import Stage, Stages
from cds_service.watching.watch import Watch
from fhir_mappings.gathering import gather
from pathway.state import StateId


@dataclass(frozen=True, slots=True)
class Answered:
    """What goes over the wire, and how much it says."""

    answer: Answer  # in the client's dialect
    body: bytes

    @property
    def cards(self) -> int:
        """How many cards there are."""
        return len(self.answer.cards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Answers hook calls, and records what was answered."""

    completer: Completer
    memory: Memory
    recorder: Recorder
    watch: Watch
    clock: Callable[[], datetime]

    def answer(
        self, asked: HookRequest, site: Site, as_of: date, *, deadline: float, stages: Stages
    ) -> Answered:
        """The answer to one call.

        Args:
            asked: The checked request.
            site: Who asks.
            as_of: The evaluation day.
            deadline: On `time.monotonic`: data that has not come by then is a gap.
            stages: The stopwatch of the call.

        Raises:
            MissingDataError: the indispensable is neither in the prefetch nor to be had.
        """
        if asked.hook == "patient-view" and not triggered(asked.extension, site.tenant.trigger_actions):
            return self._nothing_to_say(asked, site, as_of)
        gathered = self.completer.completed(gather(asked.prefetch), asked, site.tenant, deadline)
        stages.ended(Stage.FETCHING)
        orders = None
        if asked.draft_orders is not None:
            orders = Orders(hook=asked.hook, bundle=asked.draft_orders, selections=asked.selections)
        judged = site.decider.judged(gathered, patient_id=asked.patient_id, as_of=as_of, orders=orders)
        stages.ended(Stage.DECIDING)
        now = self.clock()
        considered = self.memory.considered(site.memory, asked, judged, as_of=as_of, now=now)
        stages.ended(Stage.REMEMBERING)
        answer = site.in_dialect(considered.told(site.decider.answer(considered.judged)))
        body = encoded(answer)
        stages.ended(Stage.RENDERING)
        record = _record(asked, site, considered, answer, now=now, seconds=stages.seconds)
        recorded = self.recorder.record(record)
        stages.ended(Stage.WRITING)
        self.watch.answered(record, stages, recorded=recorded)
        return Answered(answer, body)

    def _nothing_to_say(self, asked: HookRequest, site: Site, as_of: date) -> Answered:
        """The answer to a trigger that the site does not want answered: nothing is fetched for it."""
        try:
            decision = site.decider.decide(gather(asked.prefetch), patient_id=asked.patient_id, as_of=as_of)
        except MissingDataError:
            answer = _of_nobody(as_of, site.decider.knowledge.version)
        else:
            answer = msgspec.structs.replace(decision.answer, cards=())
        return Answered(answer, encoded(answer))


def _record(
    asked: HookRequest, site: Site, considered: Considered, answer: Answer, *, now: datetime, seconds: float
) -> CallRecord:
    ids = answer.extension.org_backpath
    at = int(now.timestamp() * 1000)
    return CallRecord(
        id=ordered_uuid(at),
        at=at,
        tenant=site.tenant.id,
        issuer=site.tenant.issuer,
        service=site.service_of(asked.hook),
        hook=asked.hook,
        instance=asked.hook_instance,
        patient=considered.patient,
        user=considered.user,
        encounter=considered.encounter,
        state=ids.state,
        as_of=ids.as_of.isoformat(),
        knowledge_version=ids.knowledge_version,
        gaps=tuple(dict.fromkeys(gap.code for gap in ids.data_gaps)),
        milliseconds=round(seconds * 1000, 1),
        memory_asked=considered.memory_asked,
        cards=considered.cards(answer),
    )


def _of_nobody(as_of: date, knowledge_version: str) -> Answer:
    """An answer about a patient of whom nothing is known."""
    ids = AnswerIds(state=StateId.NOT_APPLICABLE.value, as_of=as_of, knowledge_version=knowledge_version)
    return Answer(cards=(), extension=AnswerExtension(org_backpath=ids))
