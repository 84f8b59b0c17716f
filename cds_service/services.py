"""The CDS Hooks endpoints: discovery and the hook calls."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import IO

from flask import Blueprint, Response, request

from cds_service.bodies import check_media_type, too_large, unpacked
from cds_service.calls import Calls
from cds_service.envelope import read_request
from cds_service.errors import InvalidRequestError, Problem, UnknownServiceError
from cds_service.gate import Gate
from cds_service.logs import Log
from cds_service.settings import Settings
from cds_service.watching.correlation import correlate
from cds_service.watching.stages import Stage, Stages

JSON = "application/json"


def blueprint(
    gate: Gate, calls: Calls, settings: Settings, log: Log, clock: Callable[[], datetime]
) -> Blueprint:
    """The routes under /cds-services."""
    routes = Blueprint("cds-services", __name__)

    @routes.get("", strict_slashes=False)
    @routes.get("/", strict_slashes=False)
    def list_services() -> Response:
        return Response(gate.admitted().discovery, content_type=JSON)

    @routes.post("/<service_id>", strict_slashes=False)
    def call(service_id: str) -> Response:
        began, stages = time.monotonic(), Stages()
        site = gate.admitted()
        stages.ended(Stage.ADMITTING)
        service = site.services.get(service_id)
        if service is None:
            raise UnknownServiceError(f"There is no such service; known: {', '.join(site.services)}.")
        body = body_sent(settings.max_body_bytes)
        asked = read_request(body, hook=service.hook, development=site.tenant.development)
        correlate(asked.hook_instance)
        stages.ended(Stage.READING)
        as_of = asked.as_of or site.today(clock)
        answer = calls.answer(asked, site, as_of, deadline=began + settings.budget_ms / 1000, stages=stages)
        log.info(
            "hook.answered",
            tenant=site.tenant.id,
            service_id=service.id,
            hook=service.hook,
            hook_instance=asked.hook_instance,
            status=200,
            bytes=len(body),
            cards=answer.cards,
            milliseconds=round((time.monotonic() - began) * 1000, 1),
        )
        return Response(answer.body, content_type=JSON)

    return routes


def body_sent(limit: int) -> bytes:
    """The body of the present request as JSON text.

    Raises:
        UnsupportedMediaTypeError: it says that it is not JSON, or is packed otherwise than by gzip.
        TooLargeError: more than `limit` bytes, as sent or unpacked.
        InvalidRequestError: the gzip data is broken.
    """
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
    try:
        return stream.read(length)
    except BlockingIOError as error:  # nothing came for a while: see `reloading.SILENCE_S`
        problem = Problem(code="timeout", text="The rest of the body did not come.")
        raise InvalidRequestError(problem) from error
