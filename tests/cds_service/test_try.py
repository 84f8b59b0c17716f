"""`backpath try` against a real FHIR server says what the same data says as prefetch."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cds_service.cli import main
from cds_service.decision import Decider
from cds_service.samples import KEYS, Samples
from pathway.loading import load_code_rows
from tests.cds_service import shared_data
from tests.cds_service.answer_schemas import check_answer
from tests.cds_service.fetching.fhir_servers import (
    Sekmet,
    as_prefetch,
    by_prefetch,
    load_synthea_places,
    sekmet,
    synthea_record,
)
from tests.cds_service.making import TODAY, a_bundle, a_patient, advice_of, state_of
from tests.cds_service.processes import FhirStub, free_port

pytestmark = pytest.mark.integration

DAY = ["--as-of", TODAY.isoformat(), "--json"]
PATIENTS = 3
PAGE = "&_count=200"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sekmet]:
    """A running sekmet-fhir with an empty store that asks for no token."""
    with sekmet(tmp_path_factory.mktemp("sekmet"), tokens=False) as running:
        yield running


def tried(base: str, patient: str, capsys: pytest.CaptureFixture[str]) -> Any:
    status = main(["try", "--fhir-server", base, "--patient", patient, *DAY])

    told = capsys.readouterr()
    assert (status, told.err) == (0, "")
    return json.loads(told.out)


@shared_data.needed
def test_synthea_patients_get_the_same_cards_either_way(
    server: Sekmet, decider: Decider, capsys: pytest.CaptureFixture[str]
) -> None:
    with_pain = [entry["id"] for entry in shared_data.index_of_synthea() if entry["low_back_pain"]]
    load_synthea_places(server)
    told = []

    for patient_id in with_pain[:PATIENTS]:
        record = synthea_record(patient_id)
        server.load(record)

        by_server = tried(server.base, patient_id, capsys)

        assert advice_of(by_server) == by_prefetch(as_prefetch(record), patient_id, decider)
        told.append(f"{patient_id} {state_of(by_server)} {len(by_server['cards'])} cards")
    print("\n".join(told))


def test_our_samples_get_the_same_cards_either_way(
    server: Sekmet, decider: Decider, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = Samples.load(load_code_rows())

    for name in ("esi-repeat-window", "second-line-noninvasive", "older-adult"):
        prefetch = json.loads(samples.request(name, TODAY))["prefetch"]
        bundled = [e["resource"] for value in prefetch.values() for e in value.get("entry", ())]
        server.load([prefetch["patient"], *bundled])

        answer = tried(server.base + "/", f"Patient/sample-{name}", capsys)

        check_answer(answer, f"sample-{name}")
        assert advice_of(answer) == by_prefetch(prefetch, f"sample-{name}", decider)


def test_a_patient_that_is_not_there_is_one_clear_end(
    server: Sekmet, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["try", "--fhir-server", server.base, "--patient", "nobody", *DAY])

    told = capsys.readouterr()
    assert status == 2
    assert "Patient: The FHIR server answered with an error (status-404)." in told.err
    assert "nobody" not in told.err.replace("--patient", "")


def test_a_search_that_fails_is_a_gap_and_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    answers = {"/fhir/Patient/p1": (200, a_patient()), f"/fhir/Condition?patient=p1{PAGE}": (200, a_bundle())}

    with FhirStub(answers) as server:
        status = main(["try", "--fhir-server", server.base, "--patient", "Patient/p1", *DAY])

    told = capsys.readouterr()
    assert status == 0
    assert "Procedure: The FHIR server answered with an error (status-404)." in told.err
    assert "p1" not in told.err
    gaps = json.loads(told.out)["extension"]["org.backpath"]["dataGaps"]
    assert {("not-provided", kind) for kind in KEYS.values() if kind != "Condition"} == {
        (gap["code"], gap["resource"]) for gap in gaps
    }
    assert all("answered with an error" in gap["text"] for gap in gaps)


def test_a_server_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    base = f"http://127.0.0.1:{free_port()}/fhir"

    status = main(["try", "--fhir-server", base, "--patient", "p1", *DAY])

    told = capsys.readouterr()
    assert status == 2
    assert "could not be reached" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    "base", ["file:///etc", "fhir.example", "http://", "http://127.1/fhir", "http://fhir.example/r4?x=1"]
)
def test_only_plain_base_urls_are_talked_to(base: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["try", "--fhir-server", base, "--patient", "p1", *DAY])

    told = capsys.readouterr()
    assert status == 2
    assert "the FHIR server must be" in told.err


@pytest.mark.parametrize("patient", ["..", "a/b", "a?b", ""])
def test_an_id_that_is_no_fhir_id_is_refused(patient: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["try", "--fhir-server", "http://127.0.0.1:9/fhir", "--patient", patient, *DAY])

    assert status == 2
    assert "--patient must be a FHIR id" in capsys.readouterr().err
