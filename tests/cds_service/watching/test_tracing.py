"""Traces: none without being asked for; else names and figures alone, to a collector that is really there."""

import gzip
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from cds_service.logs import log_to
from cds_service.tracing import Tracing, tracing
from cds_service.watching.stages import Stage
from tests.cds_service.watching.making import (
    INSTANCE,
    SECRET,
    a_call,
    a_watch,
    five_cards,
    stages_of_a_call,
)

ALLOWED = {
    "backpath.hook",
    "backpath.hook_instance",
    "backpath.tenant",
    "backpath.state",
    "backpath.cards",
    "backpath.data_gaps",
    "backpath.memory_asked",
    "backpath.milliseconds",
}


class Collector:
    """An OTLP/HTTP collector."""

    def __init__(self, status: int = 200) -> None:
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                zipped = self.headers.get("Content-Encoding") == "gzip"
                collector.bodies.append(gzip.decompress(body) if zipped else body)
                collector.paths.append(self.path)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list[Span]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def __enter__(self) -> "Collector":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.base)
        yield running


@pytest.fixture
def traces(collector: Collector) -> Iterator[Tracing]:
    started = tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": collector.base}, log_to(io.StringIO()))
    assert started is not None
    started.begin()
    yield started
    started.close()


def attributes(span: Span) -> dict[str, object]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in span.attributes}


@pytest.mark.integration
def test_a_call_is_one_trace_with_a_span_for_each_step(collector: Collector, traces: Tracing) -> None:
    stages = stages_of_a_call()
    before = time.time_ns()

    traces.answered(a_call(cards=five_cards()), stages)
    traces.flush()

    call, *steps = sorted(collector.spans(), key=lambda span: span.parent_span_id)
    assert collector.paths == ["/v1/traces"]
    assert call.name == "hook call"
    assert {step.name for step in steps} == set(Stage)
    assert {step.trace_id for step in steps} == {call.trace_id}
    assert {step.parent_span_id for step in steps} == {call.span_id}
    assert call.end_time_unix_nano - call.start_time_unix_nano == pytest.approx(
        stages.seconds * 1e9, abs=2000
    )
    assert abs(call.start_time_unix_nano - before) < 5_000_000_000
    assert attributes(call)["backpath.cards"] == 5
    assert attributes(call)["backpath.hook_instance"] == INSTANCE


@pytest.mark.integration
def test_spans_hold_names_and_figures_alone(collector: Collector, traces: Tracing) -> None:
    traces.answered(a_call(cards=five_cards()), stages_of_a_call())
    traces.flush()

    names = {key for span in collector.spans() for key in attributes(span)}
    sent = b"".join(collector.bodies)
    assert names == ALLOWED
    assert SECRET not in sent
    assert b"ehr.example.org" not in sent
    assert b"http://" not in sent
    assert b"https://" not in sent


@pytest.mark.integration
def test_the_service_is_named_as_the_operator_says(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "backpath-east")
    started = tracing(os.environ, log_to(io.StringIO()))
    assert started is not None

    started.answered(a_call(), stages_of_a_call())
    started.close()

    resource = ExportTraceServiceRequest.FromString(collector.bodies[0]).resource_spans[0].resource
    named = {pair.key: pair.value.string_value for pair in resource.attributes}
    assert named["service.name"] == "backpath-east"


@pytest.mark.integration
def test_each_forked_process_sends_its_own(collector: Collector) -> None:
    started = tracing(os.environ, log_to(io.StringIO()))
    assert started is not None
    for _ in range(2):
        pid = os.fork()
        if pid == 0:
            started.begin()
            started.answered(a_call(), stages_of_a_call())
            started.close()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0

    assert len({span.trace_id for span in collector.spans()}) == 2


@pytest.mark.integration
def test_a_collector_that_is_away_is_told_once_and_costs_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with Collector(status=400) as refusing:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", refusing.base)
        stream = io.StringIO()
        started = tracing(os.environ, log_to(stream))
        assert started is not None
        for _ in range(3):
            began = time.monotonic()
            started.answered(a_call(), stages_of_a_call())
            assert time.monotonic() - began < 1
            started.flush()
        started.close()

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["traces.not_sent"]
    assert "127.0.0.1" not in stream.getvalue()


def test_without_an_endpoint_there_are_no_traces() -> None:
    assert tracing({}, log_to(io.StringIO())) is None
    assert tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, log_to(io.StringIO())) is None


def test_a_disabled_sdk_means_none() -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}

    assert tracing(environ, log_to(io.StringIO())) is None


def test_packages_that_are_missing_are_told_and_stop_nothing() -> None:
    hidden = """
import io, sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
from cds_service.logs import log_to
from cds_service.tracing import tracing
stream = io.StringIO()
assert tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, log_to(stream)) is None
assert "traces.not_installed" in stream.getvalue()
"""
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr.decode()


def test_off_nothing_of_opentelemetry_is_loaded() -> None:
    program = """
import io, sys
from cds_service.logs import log_to
from cds_service.tracing import tracing
assert tracing({}, log_to(io.StringIO())) is None
assert not any(name.startswith("opentelemetry") for name in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr.decode()


def test_a_watch_without_traces_asks_for_none(tmp_path: Path) -> None:
    watch = a_watch(tmp_path)

    watch.begin()
    watch.answered(a_call(), stages_of_a_call())
