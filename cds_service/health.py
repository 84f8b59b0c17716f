"""Liveness and readiness, for people and for orchestrators."""

from importlib.metadata import version

import msgspec
from flask import Blueprint, Response

from cds_service.settings import Settings
from cds_service.store.opening import Store


class Health(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of /healthz."""

    status: str
    version: str  # of the product
    knowledge_version: str
    mode: str
    open: bool  # clients are not authenticated


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of /readyz: what the service needs, each "ok"."""

    status: str
    knowledge: str
    store: str  # "away: …" while each worker remembers for itself; calls are answered all the same


def blueprint(settings: Settings, knowledge_version: str, store: Store) -> Blueprint:
    """/healthz and /readyz; a service whose knowledge did not load never came to answer."""
    routes = Blueprint("health", __name__)
    health = msgspec.json.encode(
        Health(
            status="ok",
            version=version("backpath"),
            knowledge_version=knowledge_version,
            mode=settings.mode,
            open=settings.mode == "development",
        )
    )

    @routes.get("/healthz", strict_slashes=False)
    def healthz() -> Response:
        return Response(health, content_type="application/json")

    @routes.get("/readyz", strict_slashes=False)
    def readyz() -> Response:
        readiness = Readiness(status="ready", knowledge="ok", store=store.check())
        return Response(msgspec.json.encode(readiness), content_type="application/json")

    return routes
