"""/metrics: figures of all processes of the service in Prometheus' text format."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from cds_service.watching.counting import Counts
from cds_service.watching.families import INFO, OUTBOX, STORE_UP, TENANTS, Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What is not counted but looked at."""

    store_up: bool
    outbox_rows: int | None  # None: the outbox cannot be read
    tenants: int


def blueprint(counts: Counts, read: Callable[[], Readings], about: Mapping[str, str]) -> Blueprint:
    """/metrics; whoever registers it says who may see it.

    Args:
        counts: What was counted.
        read: Looks at the rest, at each request.
        about: `version`, `knowledge_version` and `mode`.
    """
    registry = CollectorRegistry()
    counts.register_at(registry)
    registry.register(_Present(read, about))
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics", strict_slashes=False)
    def metrics() -> Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=content_type)

    return routes


class _Present(Collector):
    """The state at the time of asking."""

    def __init__(self, read: Callable[[], Readings], about: Mapping[str, str]) -> None:
        self._read, self._about = read, about

    def describe(self) -> list[Metric]:
        """Nothing: registering must not look at anything."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The gauges."""
        readings = self._read()
        info = GaugeMetricFamily(INFO.name, INFO.help, labels=INFO.labels)
        info.add_metric([self._about[label] for label in INFO.labels], 1.0)
        yield info
        yield _gauge(STORE_UP, float(readings.store_up))
        yield _gauge(TENANTS, float(readings.tenants))
        if readings.outbox_rows is not None:
            yield _gauge(OUTBOX, float(readings.outbox_rows))


def _gauge(family: Family, value: float) -> Metric:
    return GaugeMetricFamily(family.name, family.help, value=value)
