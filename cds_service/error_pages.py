"""A failure as a page, for the person who opened an address in a browser; clients get an OperationOutcome."""

from collections.abc import Sequence
from http import HTTPStatus

from flask import Response, render_template, request

FOR_CLIENTS = ("/cds-services", "/samples", "/healthz", "/readyz", "/metrics")  # documents, whoever asks
HTML, JSON = "text/html", "application/json"
# no script at all, and only our own style sheets
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
TITLES = {
    HTTPStatus.BAD_REQUEST: "This address cannot be read",
    HTTPStatus.NOT_FOUND: "There is no such page",
    HTTPStatus.METHOD_NOT_ALLOWED: "This page is opened in another way",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "This page is too large to be sent back",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests at once",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something is wrong here",
}
WORDS = {
    HTTPStatus.NOT_FOUND: "Check the address, or begin from one of these.",
    HTTPStatus.TOO_MANY_REQUESTS: "Try again in a minute.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "It is a defect of this service, and its log says where. "
    "Answers to clients do not depend on this page.",
}


def wants_page() -> bool:
    """Whether a browser shows the answer to a person: it prefers HTML, and asks for no document."""
    if request.path.endswith(".json") or _is_for_clients(request.path):
        return False
    return request.accept_mimetypes.best_match((JSON, HTML)) == HTML


def page(status: HTTPStatus, texts: Sequence[str] = ()) -> Response:
    """The page of a failure.

    Args:
        status: Its status.
        texts: What is wrong, in our own words; left out where the status says it all.
    """
    lines = (*texts, WORDS[status]) if status in WORDS else texts
    body = render_template(
        "error_page.html", status=status, title=TITLES.get(status, status.phrase), lines=lines
    )
    response = Response(body, status, content_type=f"{HTML}; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _is_for_clients(path: str) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in FOR_CLIENTS)
