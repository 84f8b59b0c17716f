"""Browser clients: CORS headers on every answer under /cds-services, errors too; nowhere else."""

from flask import Flask, Response, request

PATH = "/cds-services"
HEADERS = {
    # any origin, hence no credentials: https://fetch.spec.whatwg.org/#cors-protocol-and-credentials
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    # named: `*` does not cover Authorization
    "Access-Control-Allow-Headers": "Content-Type, Authorization",
}


def init_app(app: Flask) -> None:
    """Add the headers to the answers of `app` that need them; without them a browser hides errors."""

    @app.after_request
    def allow_any_origin(response: Response) -> Response:
        if request.path == PATH or request.path.startswith(PATH + "/"):
            for name, value in HEADERS.items():
                response.headers.add(name, value)
        return response
