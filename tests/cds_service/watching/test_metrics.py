"""/metrics: all that is counted, in the format that Prometheus reads."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

from cds_service.metrics import Readings, blueprint
from cds_service.watching.watch import Watch
from tests.cds_service.watching.making import a_call, a_watch, sample, samples_of, stages_of_a_call

ABOUT = {"version": "0.2.0", "knowledge_version": "2026-11-22+1a2b3c4d", "mode": "tenants"}


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return a_watch(tmp_path)


def a_client(watch: Watch, readings: Readings) -> FlaskClient:
    app = Flask(__name__)
    app.register_blueprint(blueprint(watch.counts, lambda: readings, ABOUT))
    return app.test_client()


def test_counts_and_readings_are_told(watch: Watch) -> None:
    client = a_client(watch, Readings(store_up=True, outbox_rows=17, tenants=2))
    watch.answered(a_call(), stages_of_a_call())

    response = client.get("/metrics")

    assert response.status_code == 200
    assert response.content_type.startswith("text/plain; version=0.0.4")
    told = samples_of(response.text)
    assert told[sample("backpath_store_up")] == 1
    assert told[sample("backpath_outbox_rows")] == 17
    assert told[sample("backpath_tenants")] == 2
    assert told[sample("backpath_info", **ABOUT)] == 1
    assert told[sample("backpath_call_duration_seconds_count", hook="patient-view", tenant="north")] == 1


def test_a_store_that_is_away_is_zero(watch: Watch) -> None:
    client = a_client(watch, Readings(store_up=False, outbox_rows=None, tenants=0))

    told = samples_of(client.get("/metrics").text)

    assert told[sample("backpath_store_up")] == 0
    assert sample("backpath_outbox_rows") not in told


def test_each_reading_is_of_now(watch: Watch) -> None:
    client = a_client(watch, Readings(store_up=True, outbox_rows=0, tenants=1))
    name = sample("backpath_fhir_request_duration_seconds_count", outcome="ok")

    assert name not in samples_of(client.get("/metrics").text)
    watch.fetched("ok", 0.02)
    assert samples_of(client.get("/metrics").text)[name] == 1


def test_openmetrics_is_spoken_where_it_is_asked_for(watch: Watch) -> None:
    client = a_client(watch, Readings(store_up=True, outbox_rows=0, tenants=1))
    watch.answered(a_call(), stages_of_a_call())

    response = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert response.content_type.startswith("application/openmetrics-text")
    assert "backpath_call_duration_seconds" in {family.name for family in openmetrics(response.text)}
