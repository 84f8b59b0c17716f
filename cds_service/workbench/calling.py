"""Sends a request through the same code as a client's call."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from http import HTTPStatus
from uuid import uuid4

import msgspec

from cds_service.calls import Calls
from cds_service.decision import Orders, encoded
from cds_service.envelope import HookRequest, read_request
from cds_service.errors import MissingDataError
from cds_service.settings import Settings
from cds_service.sites import Site
from cds_service.watching.stages import Stages
from cds_service.workbench.answers import ReadAnswer
from cds_service.workbench.documents import Json, written
from cds_service.workbench.refusals import RefusedError
from fhir_mappings.gathering import gather
from pathway.advice import Advice
from pathway.state import Situation

_ANSWER = msgspec.json.Decoder(ReadAnswer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One call: what was sent, and what came back."""

    request: Json
    asked: HookRequest
    service_id: str
    as_of: date
    body: bytes  # of the answer
    answer: ReadAnswer
    milliseconds: float
    site: Site

    def situation(self) -> Situation | None:
        """What was concluded of the patient, whatever the hook; None without an answer for Condition."""
        try:
            judged = self.site.decider.judged(
                gather(self.asked.prefetch), patient_id=self.asked.patient_id, as_of=self.as_of
            )
        except MissingDataError:
            return None
        return judged.advice.situation if isinstance(judged.advice, Advice) else None


def answer_of(body: bytes) -> ReadAnswer:
    """An answer's body, read."""
    return _ANSWER.decode(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends requests of pages."""

    calls: Calls
    settings: Settings
    clock: Callable[[], datetime]

    def send(self, request: Json, site: Site) -> Sent:
        """The answer to a request, which gets a `hookInstance` of its own.

        Development mode answers it as any client's, memory and record included. With tenants the
        operator sees what a site would see: nothing is fetched, and nothing remembered or recorded.

        Raises:
            RefusedError: the site is not offered the hook's service.
            InvalidRequestError: the request is ill-formed.
            MissingDataError: the indispensable is nowhere to be had.
        """
        request = request | {"hookInstance": str(uuid4())}
        service = next((s for s in site.services.values() if s.hook == request.get("hook")), None)
        if service is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "This site is not offered a service for this hook.")
        began = time.monotonic()
        asked = read_request(written(request), hook=service.hook, development=True)
        as_of = asked.as_of or site.today(self.clock)
        body = self._answered(asked, site, as_of, began)
        return Sent(
            request=request,
            asked=asked,
            service_id=service.id,
            as_of=as_of,
            body=body,
            answer=answer_of(body),
            milliseconds=(time.monotonic() - began) * 1000,
            site=site,
        )

    def _answered(self, asked: HookRequest, site: Site, as_of: date, began: float) -> bytes:
        if site.tenant.development:
            deadline = began + self.settings.budget_ms / 1000
            return self.calls.answer(asked, site, as_of, deadline=deadline, stages=Stages()).body
        alone = replace(asked, fhir_server=None, fhir_authorization=None)
        orders = None
        if alone.draft_orders is not None:
            orders = Orders(hook=alone.hook, bundle=alone.draft_orders, selections=alone.selections)
        decision = site.decider.decide(
            gather(alone.prefetch), patient_id=alone.patient_id, as_of=as_of, orders=orders
        )
        return encoded(site.in_dialect(decision.answer))
