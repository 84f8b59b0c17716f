"""The operator's pages: open in development mode, behind HTTP Basic elsewhere, or not there at all."""

from hmac import compare_digest
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from cds_service.settings import Settings

OPERATOR = "operator"  # the one user (contract, settings)


def protect(pages: Blueprint, settings: Settings) -> None:
    """Ask for the operator's token before any page of `pages`; 404 where none is set."""
    if settings.tenants is None:
        return

    @pages.before_request
    def ask() -> Response | None:
        token = settings.operator_token
        if token is None:
            raise NotFound
        given = request.authorization
        password = given.password if given is not None and given.username == OPERATOR else None
        if password is not None and compare_digest(password.encode(), token.encode()):
            return None
        response = Response("The operator's token is needed.", HTTPStatus.UNAUTHORIZED)
        response.headers["WWW-Authenticate"] = 'Basic realm="Backpath", charset="UTF-8"'
        return response
