"""The operator's pages: open in development mode, behind HTTP Basic elsewhere, or not there at all."""

from hmac import compare_digest
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from cds_service.settings import Settings

OPERATOR = "operator"  # the one user (contract, settings)


def is_operator(settings: Settings) -> bool:
    """Whether who asks is the operator: in development mode everyone."""
    if settings.tenants is None:
        return True
    token, given = settings.operator_token, request.authorization
    if token is None or given is None or given.username != OPERATOR or given.password is None:
        return False
    return compare_digest(given.password.encode(), token.encode())


def protect(pages: Blueprint, settings: Settings) -> None:
    """Ask for the operator's token before any page of `pages`; 404 where none is set."""
    if settings.tenants is None:
        return

    @pages.before_request
    def ask() -> Response | None:
        if settings.operator_token is None:
            raise NotFound
        if is_operator(settings):
            return None
        response = Response("The operator's token is needed.", HTTPStatus.UNAUTHORIZED)
        response.headers["WWW-Authenticate"] = 'Basic realm="Backpath", charset="UTF-8"'
        return response
