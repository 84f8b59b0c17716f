"""The long forms, run by `make soak`: nothing grows over many calls, nothing odd becomes a 5xx."""

import json
from typing import Any

import psutil
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.sample_codes import Codes, CodeStyle
from pathway.loading import load_code_rows, load_golden
from tests.cds_service.making import a_prefetch, a_request, an_app, post
from tests.cds_service.order_making import an_order_request, call, request_of
from tests.cds_service.test_golden_cases import request_of as chart_request_of

CALLS = 20_000
GROWTH_MB = 20
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
ORDERS = ("MedicationRequest", "ServiceRequest", "DeviceRequest")
ELEMENTS = (
    "code",
    "dispenseRequest",
    "dosageInstruction",
    "id",
    "intent",
    "medicationCodeableConcept",
    "occurrencePeriod",
    "reasonCode",
    "status",
    "subject",
)
LONG = settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def soaked() -> Flask:
    return an_app(demo=True)


@pytest.mark.soak
def test_memory_files_and_threads_stay_over_many_calls(soaked: Flask) -> None:
    codes = Codes(load_code_rows(), CodeStyle.US)
    cases = [case for cases in load_golden().values() for case in cases]
    charts = [chart_request_of(case, CodeStyle.US) for case in cases if not case.given.drafts][:200]
    orders = [request_of(case, "order-sign", codes) for case in cases if case.given.drafts][:200]
    bodies = [json.dumps(order).encode() for order in orders]
    client, process = soaked.test_client(), psutil.Process()

    def run(calls: int) -> None:
        for number in range(calls):
            place = number // 2 % 200
            response = post(client, charts[place]) if number % 2 else call(client, bodies[place])
            assert response.status_code in (200, 412)

    run(1_000)
    before = (process.memory_info().rss, process.num_fds(), process.num_threads())
    run(CALLS)
    after = (process.memory_info().rss, process.num_fds(), process.num_threads())

    print(f"{CALLS} calls: {(after[0] - before[0]) / 1e6:.1f} MB more, files and threads {after[1:]}")
    assert (after[0] - before[0]) / 1e6 < GROWTH_MB
    assert after[1:] == before[1:]


@pytest.mark.soak
@LONG
@given(value=JSON, key=st.sampled_from([*a_prefetch(), "other"]))
def test_any_prefetch_value_many_times(soaked: Flask, value: Any, key: str) -> None:
    response = post(soaked.test_client(), a_request(prefetch=a_prefetch(**{key: value})))

    assert response.status_code in (200, 400, 412)


@pytest.mark.soak
@LONG
@given(resource=st.dictionaries(st.sampled_from(ELEMENTS), JSON, max_size=8), kind=st.sampled_from(ORDERS))
def test_any_draft_many_times(soaked: Flask, resource: dict[str, Any], kind: str) -> None:
    request = an_order_request()
    entry = {"resource": resource | {"resourceType": kind}}
    request["context"]["draftOrders"] = {"resourceType": "Bundle", "entry": [entry]}

    response = call(soaked.test_client(), request)

    assert response.status_code in (200, 400)
