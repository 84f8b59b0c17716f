"""Every log line of a call has its hookInstance, and no line has that of another."""

import io
import json

import structlog
from flask import Flask

from cds_service.watching import correlation
from tests.cds_service.watching.making import INSTANCE


def an_app(stream: io.StringIO) -> Flask:
    log = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.JSONRenderer()],
    )
    app = Flask(__name__)
    correlation.init_app(app)

    @app.post("/call/<instance>")
    def call(instance: str) -> str:
        correlation.correlate(instance)
        log.info("said")
        raise ValueError

    @app.get("/other")
    def other() -> str:
        log.info("said")
        return ""

    @app.errorhandler(ValueError)
    def failed(_: ValueError) -> str:
        log.info("failed")
        return ""

    return app


def lines(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_the_lines_of_a_call_have_its_id_also_those_of_an_error() -> None:
    stream = io.StringIO()

    an_app(stream).test_client().post(f"/call/{INSTANCE}")

    assert lines(stream) == [
        {"event": "said", "hook_instance": INSTANCE},
        {"event": "failed", "hook_instance": INSTANCE},
    ]


def test_the_next_request_of_the_thread_has_it_no_more() -> None:
    stream = io.StringIO()
    client = an_app(stream).test_client()

    client.post(f"/call/{INSTANCE}")
    client.get("/other")

    assert lines(stream)[-1] == {"event": "said"}
