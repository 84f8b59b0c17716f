"""The 30 worked cases through a running `backpath serve`, in two code styles and on the hooks that apply."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from cds_service.hooks import PATIENT_VIEW
from cds_service.sample_codes import Codes, CodeStyle
from pathway.golden import GoldenCase
from pathway.loading import load_code_rows, load_golden
from tests.cds_service.making import ids_of, state_of
from tests.cds_service.order_making import URLS, fired, request_of
from tests.cds_service.processes import backpath
from tests.cds_service.test_golden_cases import request_of as chart_request_of
from tests.cds_service.test_order_hooks import indicator_of

CODES = {style: Codes(load_code_rows(), style) for style in CodeStyle}
GOLDEN = load_golden()
CHARTS = [(case, style) for case in GOLDEN["worked-cases.yaml"] for style in CodeStyle]
ORDERS = [
    (case, style, hook) for case in GOLDEN["guards/worked-cases.yaml"] for style in CodeStyle for hook in URLS
]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with backpath("serve", "--workers", "2") as (_, url):
        yield url


def answered(url: str, body: bytes | dict[str, Any]) -> Any:
    sent = {"data": body} if isinstance(body, bytes) else {"json": body}
    response = requests.post(url, headers={"Content-Type": "application/json"}, timeout=30, **sent)  # type: ignore[arg-type]
    assert response.status_code == 200, response.text
    return response.json()


def test_all_thirty_cases_are_there() -> None:
    numbers = {case.name.split(":")[0].split(" ")[1].rstrip("abc,") for case, *_ in (*CHARTS, *ORDERS)}

    assert {str(number) for number in range(1, 31)} <= numbers


@pytest.mark.integration
@pytest.mark.parametrize(("case", "style"), CHARTS, ids=lambda v: getattr(v, "name", str(v)))
def test_a_worked_case_at_chart_open(base: str, case: GoldenCase, style: CodeStyle) -> None:
    answer = answered(f"{base}/cds-services/{PATIENT_VIEW}", chart_request_of(case, style))

    shown = set(ids_of(answer))
    assert case.expect.state in (None, state_of(answer))
    assert set(case.expect.show) <= shown
    assert not set(case.expect.hide) & shown


@pytest.mark.integration
@pytest.mark.parametrize(("case", "style", "hook"), ORDERS, ids=lambda v: getattr(v, "name", str(v)))
def test_a_worked_case_while_orders_are_written(
    base: str, case: GoldenCase, style: CodeStyle, hook: str
) -> None:
    answer = answered(f"{base}{URLS[hook]}", request_of(case, hook, CODES[style]))

    found = {guard: shown for guard, _, shown in fired(answer)}
    wanted = {guard.id: indicator_of(guard, hook) for guard in case.expect.guards}
    assert {guard: found.get(guard) for guard in wanted} == wanted
    assert not set(found) & set(case.expect.not_guards)
