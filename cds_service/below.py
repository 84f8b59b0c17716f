"""A service that is called below a path of its own: BACKPATH_PUBLIC_URL=https://cds.example.org/backpath.

The proxy in front takes that path away from what it hands on; the links of pages put it back.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def init_app(app: Flask, *, public_url: str | None) -> None:
    """Let the addresses that `app` makes begin with the path of the public URL, if it has one."""
    path = urlsplit(public_url or "").path.rstrip("/")
    if path:
        app.wsgi_app = _below(path, app.wsgi_app)  # type: ignore[method-assign, assignment]  # Flask's own way


def _below(path: str, inner: "WSGIApplication") -> "WSGIApplication":
    def called(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return inner(environ | {"SCRIPT_NAME": path}, start_response)

    return called
