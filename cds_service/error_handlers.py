"""Every failure of the Flask app, ours and its own, becomes a status and an OperationOutcome, or a page."""

from http import HTTPStatus
from math import ceil

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from cds_service.error_pages import page, wants_page
from cds_service.errors import (
    STATUS,
    OperationOutcome,
    Problem,
    TooManyRequestsError,
    outcome,
    outcome_of,
    outcome_of_defect,
    place_of,
)
from cds_service.logs import Log
from cds_service.trust.errors import NotAuthenticatedError
from cds_service.watching.watch import Watch
from pathway.errors import PathwayError

FLASK_CODES = {  # status of Flask's own refusals: FHIR issue type
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "not-supported",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-long",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "not-supported",
}


def init_app(app: Flask, log: Log, watch: Watch) -> None:
    """Register the handlers: our errors, Flask's, and defects."""

    @app.errorhandler(PathwayError)
    def refused(error: PathwayError) -> Response:
        if type(error) not in STATUS:
            return defect(error)
        status, _ = STATUS[type(error)]
        log.warning("request.refused", error=type(error).__name__, status=int(status))
        watch.refused(status, type(error).__name__)
        return _response(outcome_of(error), status)

    @app.errorhandler(NotAuthenticatedError)
    def not_authenticated(error: NotAuthenticatedError) -> Response:
        # the caller learns nothing (C-SEC-19), the operator all that may be logged (C-SEC-18)
        status, _ = STATUS[NotAuthenticatedError]
        log.warning("request.unauthenticated", reason=error.reason, status=int(status), **error.detail)
        watch.refused(status, error.reason)
        response = _response(outcome_of(error), status)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @app.errorhandler(TooManyRequestsError)
    def too_many(error: TooManyRequestsError) -> Response:
        response = refused(error)
        response.headers["Retry-After"] = str(ceil(error.wait_s))
        return response

    @app.errorhandler(HTTPException)
    def refused_by_flask(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        log.warning("request.refused", error=type(error).__name__, status=int(status))
        watch.refused(status, type(error).__name__)
        problem = Problem(code=FLASK_CODES.get(status, "processing"), text=f"{status.phrase}.")
        response = _response(outcome(problem), status)
        # Allow on a 405: RFC 9110, 15.5.6
        response.headers.extend([(k, v) for k, v in error.get_headers() if k != "Content-Type"])
        return response

    @app.errorhandler(Exception)
    def defect(error: Exception) -> Response:
        # never its message: pydantic's quotes the input, requests' the URL
        log.error("request.failed", error=type(error).__name__, place=place_of(error), status=500)
        watch.failed()
        return _response(outcome_of_defect(), HTTPStatus.INTERNAL_SERVER_ERROR)


def _response(body: OperationOutcome, status: HTTPStatus) -> Response:
    if wants_page():
        is_told = status is HTTPStatus.BAD_REQUEST  # the title says the others
        return page(status, [issue.details.text for issue in body.issue] if is_told else ())
    return Response(msgspec.json.encode(body), status=status, content_type="application/json")
