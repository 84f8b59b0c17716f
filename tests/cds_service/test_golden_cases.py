"""Every golden case of chart open, as FHIR in two code styles, gets from the service what it expects."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.decision import Decider
from cds_service.inputs import case_of
from cds_service.sample_codes import Codes, CodeStyle
from cds_service.sample_records import record_of
from cds_service.samples import hook_request
from fhir_mappings.gathering import gather
from pathway.golden import Expected, GoldenCase
from pathway.loading import load_code_rows, load_golden
from pathway.proving import differences
from tests.cds_service.answer_schemas import check_answer
from tests.cds_service.making import ids_of, post, state_of

CODES = {style: Codes(load_code_rows(), style) for style in CodeStyle}


def is_of_chart_open(case: GoldenCase) -> bool:
    """Whether it expects more than guards, which test_order_hooks asks for."""
    expect = case.expect
    guards_alone = Expected(
        guards=expect.guards, not_guards=expect.not_guards, only_guards=expect.only_guards
    )
    return not case.given.drafts or expect != guards_alone


CASES = [
    pytest.param(case, style, id=f"{file}: {case.name} ({style})")
    for file, cases in load_golden().items()
    for case in cases
    for style in CodeStyle
    if is_of_chart_open(case)
]


def request_of(case: GoldenCase, style: CodeStyle) -> bytes:
    record = record_of(
        case.given, patient_id="golden", name="Golden Case", as_of=case.as_of, codes=CODES[style]
    )
    return hook_request(record, "golden", not_provided=case.given.not_provided, as_of=case.as_of)


@pytest.mark.parametrize(("case", "style"), CASES)
def test_a_golden_case_is_answered_through_the_service(
    client: FlaskClient, decider: Decider, case: GoldenCase, style: CodeStyle
) -> None:
    request = request_of(case, style)

    response = post(client, request)

    if "Condition" in case.given.not_provided:  # indispensable on patient-view
        assert response.status_code == 412
        return
    assert response.status_code == 200, response.text
    check_answer(response.json, "golden")
    check_shown(response.json, case)
    read = case_of(request)
    decision = decider.decide(gather(read.prefetch), patient_id=read.patient_id, as_of=case.as_of)
    assert list(differences(case.expect, decision.advice, case.as_of)) == []


def check_shown(answer: Any, case: GoldenCase) -> None:
    shown = ids_of(answer)
    expect = case.expect
    assert expect.state in (None, state_of(answer))
    assert set(expect.show) <= set(shown)
    assert not set(expect.hide) & set(shown)
    if expect.only is not None:
        assert set(expect.only) == set(shown)
