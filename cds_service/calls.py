"""A checked hook call to the body of its answer: complete the chart, decide, speak the client's dialect."""

from dataclasses import dataclass
from datetime import date

import msgspec

from cds_service.decision import Orders, encoded
from cds_service.envelope import HookRequest
from cds_service.fetching.completion import Completer
from cds_service.sites import Site
from cds_service.triggers import triggered
from fhir_mappings.gathering import gather


@dataclass(frozen=True, slots=True)
class Answered:
    """What goes over the wire, and how much it says."""

    body: bytes
    cards: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Answers hook calls."""

    completer: Completer

    def answer(self, asked: HookRequest, site: Site, as_of: date, *, deadline: float) -> Answered:
        """The answer to one call.

        Args:
            asked: The checked request.
            site: Who asks.
            as_of: The evaluation day.
            deadline: On `time.monotonic`: data that has not come by then is a gap.

        Raises:
            MissingDataError: the indispensable is neither in the prefetch nor to be had.
        """
        gathered = self.completer.completed(gather(asked.prefetch), asked, site.tenant, deadline)
        orders = None
        if asked.draft_orders is not None:
            orders = Orders(hook=asked.hook, bundle=asked.draft_orders, selections=asked.selections)
        decision = site.decider.decide(gathered, patient_id=asked.patient_id, as_of=as_of, orders=orders)
        answer = site.in_dialect(decision.answer)
        if asked.hook == "patient-view" and not triggered(asked.extension, site.tenant.trigger_actions):
            answer = msgspec.structs.replace(answer, cards=())
        return Answered(encoded(answer), len(answer.cards))
