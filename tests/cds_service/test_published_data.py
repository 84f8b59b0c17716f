"""What others published: no 5xx, and a table of what came out, to be read for sense (`pytest -rP`)."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pathway.days import months_after
from tests.cds_service import shared_data
from tests.cds_service.answer_schemas import check_answer, check_outcome
from tests.cds_service.making import TODAY, a_context, a_request, gaps_of, ids_of, post, state_of


def row(name: str, response: Any) -> str:
    if response.status_code != 200:
        texts = "; ".join(issue["details"]["text"] for issue in response.json["issue"])
        return f"{name[:58]:58} {response.status_code} {texts}"
    gaps = Counter(gap["code"] for gap in response.json["extension"]["org.backpath"].get("dataGaps", ()))
    told = ", ".join(f"{code} x{count}" for code, count in sorted(gaps.items()))
    shown = f"{len(response.json['cards'])} cards, {len(ids_of(response.json))} recommendations"
    return f"{name[:58]:58} {state_of(response.json):26} {shown:30} {told}"


@shared_data.needed
def test_published_requests_are_answered_or_clearly_refused(client: FlaskClient) -> None:
    paths = shared_data.hook_requests()
    assert len(paths) == shared_data.REQUESTS
    statuses: Counter[tuple[str, int]] = Counter()

    for path in paths:
        request = shared_data.read(path)
        hook = request["hook"]
        response = post(client, shared_data.without_server(request))
        print(row(f"{hook} {path.stem}", response))
        statuses[hook, response.status_code] += 1
        if response.status_code == 200:
            check_answer(response.json)
        else:
            check_outcome(response.json)
        assert response.status_code in ((200, 400, 412) if hook == "patient-view" else (400,))

    print(statuses)
    assert (
        sum(count for (hook, status), count in statuses.items() if (hook, status) == ("patient-view", 200))
        > 5
    )


@pytest.fixture(scope="module")
def whole_records(app: Flask) -> dict[str, tuple[str | None, Any]]:
    """Patient id, and the answer to the whole record as prefetch, by file."""
    client = app.test_client()
    answers: dict[str, tuple[str | None, Any]] = {}
    for path in shared_data.patients():
        bundle = shared_data.read(path)
        patient = shared_data.patient_id_of(bundle)
        request = a_request(context=a_context(patientId=patient or "p1"), prefetch={"record": bundle})
        answers[path.name] = patient, post(client, request)
    return answers


@shared_data.needed
def test_whole_records_as_prefetch_are_answered(whole_records: dict[str, tuple[str | None, Any]]) -> None:
    states: Counter[str] = Counter()

    for name, (patient, response) in whole_records.items():
        print(row(name.removesuffix(".gz"), response))
        assert response.status_code in (200, 412)
        if response.status_code == 200:
            check_answer(response.json, patient)
            states[state_of(response.json)] += 1
            assert "patient-mismatch" not in gaps_of(response.json)

    print(states)
    assert states.total() >= shared_data.SYNTHEA


@shared_data.needed
def test_active_back_pain_of_living_adults_is_found(
    whole_records: dict[str, tuple[str | None, Any]],
) -> None:
    with_pain = [entry for entry in shared_data.index_of_synthea() if entry["low_back_pain"]]
    assert with_pain

    for entry in with_pain:
        patient, response = whole_records[f"{entry['id']}.json.gz"]
        adult = date.fromisoformat(entry["birthDate"]) <= months_after(TODAY, -12 * 18)
        expected = adult and not entry["deceased"]
        assert patient == entry["id"]
        assert (state_of(response.json) != "not-applicable") == expected, entry["id"]
