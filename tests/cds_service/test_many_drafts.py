"""More draft orders than a clinician signs at once: bounded in time, and said."""

import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.decision import MOST_DRAFTS
from tests.cds_service.order_making import an_order_request, call, fired
from tests.cds_service.test_order_requests import an_injection

BOUND_S = 5.0  # far above what it takes; without the bound it would be minutes


def gaps_of_drafts(answer: Any) -> list[Any]:
    gaps = answer["extension"]["org.backpath"].get("dataGaps", ())
    return [gap for gap in gaps if gap.get("resource") == "draftOrders"]


def injections(count: int) -> list[dict[str, Any]]:
    return [an_injection(id=f"d{number}") for number in range(count)]


def test_as_many_as_are_judged_leave_no_gap(client: FlaskClient) -> None:
    answer = call(client, an_order_request(*injections(MOST_DRAFTS))).json

    assert gaps_of_drafts(answer) == []


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_more_are_answered_in_time_with_a_gap_that_says_so(client: FlaskClient, hook: str) -> None:
    request = an_order_request(*injections(1000), hook=hook)

    began = time.monotonic()
    response = call(client, request)

    assert response.status_code == 200
    assert time.monotonic() - began < BOUND_S
    assert [gap["code"] for gap in gaps_of_drafts(response.json)] == ["incomplete"]


def test_what_the_clinician_selected_is_judged_however_late_it_comes(client: FlaskClient) -> None:
    request = an_order_request(*injections(MOST_DRAFTS * 2), hook="order-select")
    last = f"ServiceRequest/d{MOST_DRAFTS * 2 - 1}"
    request["context"]["selections"] = [last]

    answer = call(client, request).json

    assert {order for _, order, _ in fired(answer)} == {last}
