"""OpenTelemetry traces of hook calls, where an operator asks for them; off, nothing of it is even loaded.

The spans are our own and made after the answer, from figures: stock instrumentation records URLs, and with
them ids of patients. Where they go is said by OpenTelemetry's standard variables, which its own packages
read: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""
# ruff: noqa: PLC0415 - the packages are optional

import atexit
import logging
import os
import threading
import time
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cds_service.logs import Log
from cds_service.memory.records import CallRecord
from cds_service.watching.stages import Stages

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PACKAGES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")
SPAN = "hook call"
NS = 1_000_000_000
LOGGER = logging.getLogger("opentelemetry")
QUIET_S = 60.0  # between two lines about traces that could not be sent
# what OpenTelemetry's tools expect: https://opentelemetry.io/docs/specs/semconv/resource/#service
SERVICE_NAME = "backpath"


def tracing(environ: Mapping[str, str], log: Log) -> "Tracing | None":
    """Traces, if `environ` says where to and the packages are there; None: none."""
    if not any(environ.get(name, "").strip() for name in ENDPOINTS):
        return None
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    if not _installed():
        log.warning("traces.not_installed")
        return None
    return Tracing(log, name=environ.get("OTEL_SERVICE_NAME", "").strip() or SERVICE_NAME)


class Tracing:
    """Sends one trace for each answered hook call, beside the calls."""

    def __init__(self, log: Log, *, name: str = SERVICE_NAME) -> None:
        """Nothing is opened yet: threads and sockets are each process's own.

        Args:
            log: Told when traces cannot be sent.
            name: What the traces call this service.
        """
        self._name = name
        self._failures = _Failures(log)
        self._lock = threading.Lock()
        self._process = 0
        self._provider: TracerProvider | None = None
        self._tracer: Tracer | None = None

    def begin(self) -> None:
        """Open this process's way to the collector."""
        with self._lock:
            if self._process != os.getpid():
                self._open()

    def _open(self) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        LOGGER.addHandler(self._failures)
        LOGGER.propagate = False
        resource = Resource.create({"service.name": self._name, "service.version": version("backpath")})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("backpath", version("backpath"))
        self._process = os.getpid()
        atexit.register(self.close)

    def answered(self, record: CallRecord, stages: Stages) -> None:
        """Trace one call, with a span for each of its steps."""
        if self._process != os.getpid():
            self.begin()
        if self._tracer is None:
            return
        from opentelemetry.context import Context
        from opentelemetry.trace import set_span_in_context

        ahead = time.time_ns() - int(time.perf_counter() * NS)  # from one clock to the other
        began = int(stages.began * NS) + ahead
        call = self._tracer.start_span(SPAN, Context(), start_time=began, attributes=_attributes(record))
        inside = set_span_in_context(call)
        for stage, start, end in stages.steps:
            step = self._tracer.start_span(
                stage.value,
                context=inside,
                start_time=int(start * NS) + ahead,
                attributes={"backpath.milliseconds": round((end - start) * 1000, 3)},
            )
            step.end(int(end * NS) + ahead)
        call.end(began + int(stages.seconds * NS))

    def flush(self) -> None:
        """Send what waits."""
        if self._provider is not None and self._process == os.getpid():
            self._provider.force_flush()

    def close(self) -> None:
        """Send what waits and stop."""
        if self._provider is not None and self._process == os.getpid():
            self._provider.shutdown()
            self._provider = self._tracer = None
            LOGGER.removeHandler(self._failures)


def _attributes(record: CallRecord) -> dict[str, str | int | float | bool]:
    """Names and figures; of ids only that of the invocation."""
    sent = [card for card in record.cards if card.id is not None]
    return {
        "backpath.hook": record.hook,
        "backpath.hook_instance": record.instance,
        "backpath.tenant": record.tenant,
        "backpath.state": record.state,
        "backpath.cards": len(sent),
        "backpath.data_gaps": len(record.gaps),
        "backpath.memory_asked": record.memory_asked,
        "backpath.milliseconds": record.milliseconds,
    }


def _installed() -> bool:
    try:
        return all(find_spec(package) is not None for package in PACKAGES)
    except ModuleNotFoundError:  # of the package above
        return False


class _Failures(logging.Handler):
    """Tells that traces could not be sent: by type, for a message may hold the collector's address."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._told_at = -QUIET_S

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        if now - self._told_at >= QUIET_S:
            self._told_at = now
            self._log.warning("traces.not_sent", place=f"{record.module}.py:{record.lineno}")
