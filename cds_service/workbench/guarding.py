"""Who may use the pages: a person in front of them, not another site's script in that person's browser."""

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, request

from cds_service.gate import LOOPBACK_NAMES
from cds_service.settings import Settings
from cds_service.workbench.refusals import RefusedError


def guard(pages: Blueprint, settings: Settings) -> None:
    """Refuse forms that another site sent, other names than this machine's, and forms that are too large."""

    @pages.before_request
    def check() -> None:
        if _only_loopback(settings) and not _is_our_name(settings):
            raise RefusedError(
                HTTPStatus.FORBIDDEN,
                "In development mode these pages are shown under this machine's name only.",
            )
        if request.method == "POST":
            if not is_same_origin():
                raise RefusedError(HTTPStatus.FORBIDDEN, "The form was sent by another site.")
            # packed JSON; the body as it is sent to a service has the same limit
            request.max_content_length = request.max_form_memory_size = settings.max_body_bytes


def is_same_origin() -> bool:
    """Whether a form is of one of our own pages.

    Browsers say so in `Sec-Fetch-Site` (https and loopback) or `Origin`; a client that sends neither
    is no browser, and acts for nobody but itself.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _only_loopback(settings: Settings) -> bool:
    return settings.tenants is None and not settings.allow_open


def is_loopback_name(host: str) -> bool:
    """Whether a Host header names this machine, with or without a port."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name in LOOPBACK_NAMES


def _is_our_name(settings: Settings) -> bool:
    """A name that an attacker's DNS points at this machine is another origin to the browser, not to us."""
    return is_loopback_name(request.host) or request.host == urlsplit(settings.public_url or "").netloc
