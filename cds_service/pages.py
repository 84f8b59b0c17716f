"""The page at /: which services there are, and which sample patients; plain HTML."""

from flask import Blueprint, Response, render_template

from cds_service.hooks import HookService
from cds_service.samples import Samples

# no script at all, and only our own style sheet
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def blueprint(services: tuple[HookService, ...], samples: Samples | None) -> Blueprint:
    """The start page; it lists samples only in the demo."""
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    def start() -> Response:
        page = render_template(
            "start.html", services=services, samples=list(samples.by_id.values()) if samples else []
        )
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return routes
