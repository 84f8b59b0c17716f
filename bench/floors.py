"""The floors: Flask views that do the least a service can do with the same request.

A reads the body and answers a constant card. B also decodes the elements that the service reads
into structs. C also reads the whole body with the standard library's JSON.
"""

import json
from collections.abc import Callable

import msgspec
from flask import Flask, Response, request

from bench.elements import HookRequest

CARD = json.dumps(
    {"cards": [{"summary": "A constant card", "indicator": "info", "source": {"label": "Floor"}}]}
).encode()


def floor(read: Callable[[bytes], object]) -> Flask:
    """An app that reads each request's body with `read`, and answers the constant card."""
    app = Flask("floor")

    @app.post("/cds-services/low-back-pain-patient-view")
    def call() -> Response:
        read(request.get_data())
        return Response(CARD, content_type="application/json")

    return app


def floor_a() -> Flask:
    """The body is read off the socket, no more."""
    return floor(len)


def floor_b() -> Flask:
    """The body is decoded into the elements that the service reads."""
    return floor(msgspec.json.Decoder(HookRequest).decode)


def floor_c() -> Flask:
    """The body becomes Python dicts and lists."""
    return floor(json.loads)
