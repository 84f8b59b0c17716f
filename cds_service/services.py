"""The CDS Hooks endpoints: discovery and the hook calls."""

import time
from collections.abc import Callable
from datetime import date
from typing import IO

import msgspec
from flask import Blueprint, Response, request

from cds_service.bodies import check_media_type, too_large, unpacked
from cds_service.decision import Decider, Decision, Orders
from cds_service.envelope import HookRequest, read_request
from cds_service.errors import UnknownServiceError
from cds_service.hooks import Discovery, HookService
from cds_service.logs import Log
from cds_service.settings import Settings

JSON = "application/json"


def blueprint(
    services: tuple[HookService, ...],
    decider: Decider,
    settings: Settings,
    log: Log,
    today: Callable[[], date],
) -> Blueprint:
    """The routes under /cds-services; open, since only development mode exists so far."""
    routes = Blueprint("cds-services", __name__)
    by_id = {service.id: service for service in services}
    discovery = msgspec.json.encode(Discovery(services))

    @routes.get("", strict_slashes=False)
    @routes.get("/", strict_slashes=False)
    def list_services() -> Response:
        return Response(discovery, content_type=JSON)

    @routes.post("/<service_id>", strict_slashes=False)
    def call(service_id: str) -> Response:
        began = time.perf_counter()
        service = by_id.get(service_id)
        if service is None:
            raise UnknownServiceError(f"There is no such service; known: {', '.join(by_id)}.")
        body = _body(settings.max_body_bytes)
        asked = read_request(body, hook=service.hook, development=settings.mode == "development")
        decision = _decided(asked, decider, asked.as_of or today())
        log.info(
            "hook.answered",
            service_id=service.id,
            hook=service.hook,
            hook_instance=asked.hook_instance,
            status=200,
            bytes=len(body),
            cards=len(decision.answer.cards),
            milliseconds=round((time.perf_counter() - began) * 1000, 1),
        )
        return Response(decision.body(), content_type=JSON)

    return routes


def _decided(asked: HookRequest, decider: Decider, as_of: date) -> Decision:
    """Chart open, or orders being written: by what the context holds."""
    if asked.draft_orders is None:
        return decider.decide(asked.prefetch, patient_id=asked.patient_id, as_of=as_of)
    orders = Orders(hook=asked.hook, bundle=asked.draft_orders, selections=asked.selections)
    return decider.decide_orders(asked.prefetch, orders, patient_id=asked.patient_id, as_of=as_of)


def _body(limit: int) -> bytes:
    if request.content_type != JSON:  # the usual one needs no parsing
        check_media_type(request.mimetype)
    return unpacked(_sent(limit), (request.content_encoding or "").strip().lower(), limit)


def _sent(limit: int) -> bytes:
    """The body off the wire, in one read: werkzeug's stream copies it piece by piece, 1 ms a megabyte.

    A body without a length is read where the server marks its end (chunked under gunicorn), and no
    further than it takes to see that it is too large.
    """
    length = request.content_length
    if length is None:
        length = limit + 1 if request.environ.get("wsgi.input_terminated") else 0
    elif length > limit:
        raise too_large(limit)
    stream: IO[bytes] = request.environ["wsgi.input"]
    return stream.read(length)
