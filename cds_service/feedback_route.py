"""POST /cds-services/{id}/feedback: what was done with cards is acknowledged when it is safely on disk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

import msgspec
from flask import Blueprint, Response

from cds_service.errors import InvalidRequestError, Problem, UnknownServiceError, outcome
from cds_service.gate import Gate
from cds_service.logs import Log
from cds_service.memory.comments import sealed
from cds_service.memory.feedback import Report, read_batch, record_of
from cds_service.memory.identities import Identities
from cds_service.memory.outbox import OutboxError
from cds_service.memory.records import FeedbackRecord
from cds_service.services import JSON, body_sent
from cds_service.settings import Settings
from cds_service.sites import Site
from cds_service.tenants.model import Tenant
from cds_service.watching.watch import Watch

FORWARD_S = 0.1  # of a report's time, so that the next chart opened finds it in the store
RETRY_AFTER_S = 30


class SafePlace(Protocol):
    """Where reports are kept: `cds_service.memory.outbox.Outbox`."""

    def append_safely(self, records: Sequence[FeedbackRecord]) -> None:
        """Return when they are on disk.

        Raises:
            OutboxError: they are not.
        """


class Forwarding(Protocol):
    """Brings what is kept into the store: `cds_service.memory.forwarding.Forwarder`."""

    def flush(self, within_s: float) -> bool:
        """Whether all that was kept is in the store by then; never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Turns reports into records and keeps them."""

    outbox: SafePlace
    forwarder: Forwarding
    identities: Identities
    comments_wanted: Callable[[Tenant], bool]
    clock: Callable[[], datetime]

    def keep(self, reports: Sequence[Report], site: Site, service_id: str) -> int:
        """Keep the reports of one call, each once; gives how many that are.

        Raises:
            OutboxError: none of them is kept for certain.
        """
        received_at = int(self.clock().timestamp() * 1000)
        records: dict[bytes, FeedbackRecord] = {}
        for report in reports:
            record = record_of(
                report,
                tenant=site.tenant.id,
                service=service_id,
                received_at=received_at,
                comment=self._comment(report, site.tenant),
            )
            records.setdefault(record.key, record)
        if records:
            self.outbox.append_safely(tuple(records.values()))
            self.forwarder.flush(FORWARD_S)
        return len(records)

    def _comment(self, report: Report, tenant: Tenant) -> bytes | None:
        if report.comment is None or not self.comments_wanted(tenant):
            return None
        return sealed(self.identities.of(tenant.id), report.comment)


def blueprint(gate: Gate, keeping: Keeping, settings: Settings, log: Log, watch: Watch) -> Blueprint:
    """The route, to be registered under /cds-services."""
    routes = Blueprint("feedback", __name__)

    @routes.post("/<service_id>/feedback", strict_slashes=False)
    def report(service_id: str) -> Response:
        site = gate.admitted()
        if service_id not in site.services:
            raise UnknownServiceError(f"There is no such service; known: {', '.join(site.services)}.")
        batch = read_batch(body_sent(settings.max_body_bytes))
        try:
            kept = keeping.keep(batch.reports, site, service_id)
        except OutboxError:
            watch.feedback_not_kept(len(batch.reports))
            raise
        watch.feedback(site.tenant.id, [report.outcome for report in batch.reports])
        log.info(
            "feedback.kept",
            tenant=site.tenant.id,
            service_id=service_id,
            items=kept,
            faulty=batch.faulty,
        )
        if batch.problems:
            watch.feedback_ill_formed(batch.faulty)
            raise InvalidRequestError(*batch.problems)
        # the spec asks for no body, and forbids an empty object
        return Response(status=HTTPStatus.OK)

    @routes.errorhandler(OutboxError)
    def cannot_be_kept(error: OutboxError) -> Response:
        log.error("feedback.not_kept", reason=error.cause, status=int(HTTPStatus.SERVICE_UNAVAILABLE))
        problem = Problem(
            code="transient", text="The feedback cannot be kept at present; send it again later."
        )
        response = Response(
            msgspec.json.encode(outcome(problem)), HTTPStatus.SERVICE_UNAVAILABLE, content_type=JSON
        )
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response

    return routes
