"""A patient of a real FHIR server: read through the service, and what is accepted is created there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from cds_service.samples import Samples
from pathway.loading import load_code_rows
from tests.cds_service.fetching.fhir_servers import Sekmet, sekmet
from tests.cds_service.making import TODAY
from tests.cds_service.processes import FhirStub, free_port
from tests.cds_service.workbench.bench import Bench

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sekmet]:
    with sekmet(tmp_path_factory.mktemp("sekmet"), tokens=False) as running:
        samples = Samples.load(load_code_rows())
        for name in ("esi-waiting", "second-line-noninvasive", "initial-conservative"):
            prefetch = json.loads(samples.request(name, TODAY))["prefetch"]
            bundled = [e["resource"] for value in prefetch.values() for e in value.get("entry", ())]
            running.load([prefetch["patient"], *bundled])
        yield running


def opened(bench: Bench, base: str, patient: str) -> Bench:
    return bench.took(bench.client.post("/workbench/patient", data={"server": base, "patient": patient}))


def found(server: Sekmet, search: str) -> list[dict[str, Any]]:
    response = requests.get(f"{server.base}/{search}", timeout=30)
    return [entry["resource"] for entry in response.json().get("entry", ())]


@pytest.mark.parametrize("sample", ["esi-waiting", "second-line-noninvasive"])
def test_a_patient_of_a_server_gets_the_cards_of_the_same_record_as_prefetch(
    bench: Bench, server: Sekmet, sample: str
) -> None:
    by_server = opened(bench, f"{server.base}/", f"Patient/sample-{sample}").recommendations
    asked = bench.state.request

    assert by_server == Bench(bench.client).open(sample).recommendations
    assert asked["fhirServer"] == server.base
    assert asked["prefetch"]["conditions"]["total"] >= 1


def test_the_record_is_read_once_and_what_if_asks_nobody(bench: Bench, server: Sekmet) -> None:
    with server.watched() as opening:
        opened(bench, server.base, "sample-esi-waiting")
    with server.watched() as later:
        bench.post("day", step="+7").post("what-if", fact="mri")

    assert len(opening) == 9
    assert later == []
    assert bench.pathway_state == "esi-repeat-window"


def test_an_accepted_suggestion_is_created_and_found_by_search(bench: Bench, server: Sekmet) -> None:
    patient = "sample-esi-waiting"
    opened(bench, f"{server.origin}/fhir", patient)
    before = {one["id"] for one in found(server, f"ServiceRequest?patient={patient}")}

    bench.post("accept", suggestion=bench.suggestion("Book a follow-up"))

    (made,) = [o for o in found(server, f"ServiceRequest?patient={patient}") if o["id"] not in before]
    assert f"Created on the FHIR server: ServiceRequest/{made['id']}." in bench.done
    assert made["subject"]["reference"] == f"Patient/{patient}"
    assert "Feedback was kept." in bench.done
    assert "esi-wait" not in bench.recommendations
    assert made["id"] in json.dumps(bench.state.request["prefetch"]["serviceRequests"], default=str)


def test_a_draft_order_creates_nothing(bench: Bench, server: Sekmet) -> None:
    patient = "sample-initial-conservative"
    opened(bench, server.base, patient).post("order", order="mri")

    bench.post("accept", suggestion=bench.suggestion("Remove this imaging order"))

    assert found(server, f"ServiceRequest?patient={patient}") == []


def test_a_patient_that_is_not_there_is_a_clear_page(bench: Bench, server: Sekmet) -> None:
    opened(bench, server.base, "nobody")

    assert bench.status == 404
    assert "This patient cannot be read." in bench.text


@pytest.mark.parametrize(
    ("base", "patient", "status", "told"),
    [
        ("https://fhir.example.org/r4", "p1", 403, "This FHIR server may not be called."),
        ("http://169.254.169.254/latest", "p1", 403, "This FHIR server may not be called."),
        ("file:///etc/passwd", "p1", 403, "This FHIR server may not be called."),
        ("http://127.0.0.1:1/fhir", "../Practitioner/1", 400, "A base URL and a FHIR id are needed."),
        ("", "p1", 400, "A base URL and a FHIR id are needed."),
    ],
)
def test_what_may_not_be_asked_is_a_clear_page(
    bench: Bench, base: str, patient: str, status: int, told: str
) -> None:
    opened(bench, base, patient)

    assert bench.status == status
    assert told in bench.text


def test_a_server_that_is_not_there_is_a_clear_page(bench: Bench) -> None:
    opened(bench, f"http://127.0.0.1:{free_port()}/fhir", "p1")

    assert bench.status == 404
    assert "The FHIR server could not be reached" in bench.text


def test_a_server_that_takes_no_orders_leaves_the_card_and_reports_nothing(bench: Bench) -> None:
    state = bench.open("esi-waiting").post("another").state
    with FhirStub({}) as stub:
        state.request["fhirServer"] = stub.base
        packed = state.packed()
        suggestion = state.answer.cards[0].suggestions[0].uuid

        bench.took(bench.client.post("/workbench/accept", data={"state": packed, "suggestion": suggestion}))

    assert "The FHIR server did not take it" in bench.done
    assert "Nothing was reported." in bench.done
    assert "esi-wait" in bench.recommendations
