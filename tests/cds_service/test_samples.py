"""The sample patients: one for each state at least, complete, and answered as they say."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient

from cds_service.decision import Decider
from cds_service.inputs import case_of
from cds_service.sample_codes import CodeStyle
from cds_service.samples import DIRECTORY, Samples
from fhir_mappings.gathering import gather
from pathway.errors import KnowledgeError
from pathway.loading import load_code_rows
from pathway.state import StateId
from tests.cds_service.answer_schemas import check_answer
from tests.cds_service.making import TODAY, post, state_of

SAMPLES = Samples.load(load_code_rows())
ALL = [(name, style) for name in SAMPLES.by_id for style in CodeStyle]


def resources_of(request: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for value in json.loads(request)["prefetch"].values():
        if value["resourceType"] == "Bundle":
            found += [entry["resource"] for entry in value.get("entry", ())]
        else:
            found.append(value)
    return found


def test_there_is_a_sample_for_every_state() -> None:
    assert {sample.state for sample in SAMPLES.by_id.values()} == {state.value for state in StateId}


def test_the_list_leads_to_every_sample(client: FlaskClient) -> None:
    listed = client.get("/samples").get_json()["samples"]

    assert [sample["id"] for sample in listed] == list(SAMPLES.by_id)
    for sample in listed:
        assert client.get(sample["path"]).status_code == 200
        assert sample["title"]
        assert sample["story"]


@pytest.mark.parametrize("name", SAMPLES.by_id)
def test_a_sample_is_ready_to_post(client: FlaskClient, name: str) -> None:
    request = client.get(f"/samples/{name}")

    response = post(client, request.data)

    assert response.status_code == 200
    check_answer(response.json, f"sample-{name}")
    assert state_of(response.json) == SAMPLES.by_id[name].state


@pytest.mark.parametrize(("name", "style"), ALL)
def test_a_sample_says_the_same_in_either_code_style_on_any_day(
    decider: Decider, name: str, style: CodeStyle
) -> None:
    for day in (TODAY, date(2028, 2, 29), date(2027, 3, 1)):
        case = case_of(SAMPLES.request(name, day, style))
        decision = decider.decide(gather(case.prefetch), patient_id=case.patient_id, as_of=day)
        assert decision.advice.situation.state == SAMPLES.by_id[name].state


@pytest.mark.parametrize(("name", "style"), ALL)
def test_the_records_are_valid_fhir(name: str, style: CodeStyle) -> None:
    for resource in resources_of(SAMPLES.request(name, TODAY, style)):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@pytest.mark.parametrize("name", SAMPLES.by_id)
def test_the_suggestions_are_valid_fhir(client: FlaskClient, name: str) -> None:
    answer = post(client, SAMPLES.request(name, TODAY)).json

    for card in answer["cards"]:
        for suggestion in card.get("suggestions", ()):
            resource = suggestion["actions"][0]["resource"]
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_the_two_styles_differ() -> None:
    us, snomed = (SAMPLES.request("esi-eligible", TODAY, style) for style in CodeStyle)

    assert b"icd-10-cm" in us
    assert b"icd-10-cm" not in snomed


def test_an_unknown_sample_is_404(client: FlaskClient) -> None:
    assert client.get("/samples/nobody").status_code == 404


def test_a_sample_file_must_bear_its_id(tmp_path: Path) -> None:
    text = (DIRECTORY / "older-adult.yaml").read_text(encoding="utf-8")
    (tmp_path / "younger-adult.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(KnowledgeError, match="it must be the file's name"):
        Samples.load(load_code_rows(), tmp_path)
