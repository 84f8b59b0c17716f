"""`backpath try` against a real FHIR server says what the same data says as prefetch."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from cds_service.cli import main
from cds_service.samples import KEYS, Samples
from pathway.loading import load_code_rows
from tests.cds_service import shared_data
from tests.cds_service.answer_schemas import check_answer
from tests.cds_service.making import (
    TODAY,
    a_bundle,
    a_context,
    a_patient,
    a_request,
    advice_of,
    post,
    state_of,
)
from tests.cds_service.processes import FhirStub, free_port, wait_for

pytestmark = pytest.mark.integration

DAY = ["--as-of", TODAY.isoformat(), "--json"]
FHIR_JSON = {"Content-Type": "application/fhir+json"}
PATIENTS = 6


@pytest.fixture(scope="module")
def fhir_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running sekmet-fhir with an empty store."""
    folder = tmp_path_factory.mktemp("sekmet")
    port = free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    settings = {
        "base_url": base,  # both are needed: links are made from it, the socket from the host
        "host": "127.0.0.1",
        "port": port,
        "data_dir": str(folder),
        "db_path": str(folder / "store.db"),
        "log_inbound": False,
        "validation": {"inbound": "off"},
        "simulator": {"enabled": False},
    }
    config = folder / "settings.yaml"
    config.write_text(json.dumps(settings), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("sekmet")), "serve", "--config", str(config)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            wait_for(f"{base}/metadata", process)
            yield base
        finally:
            process.terminate()
            process.wait(timeout=30)


def under_own_ids(bundle: Any) -> list[dict[str, Any]]:
    """The resources of a Synthea Bundle, referring to each other by type and id."""
    text = json.dumps([entry["resource"] for entry in bundle["entry"]])
    for entry in bundle["entry"]:
        resource = entry["resource"]
        text = text.replace(entry["fullUrl"], f"{resource['resourceType']}/{resource['id']}")
    return list(json.loads(text))


def load(base: str, resources: list[dict[str, Any]]) -> None:
    entries = [
        {
            "resource": resource,
            "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
        }
        for resource in resources
    ]
    transaction = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    response = requests.post(base, json=transaction, headers=FHIR_JSON, timeout=120)
    assert response.status_code == 200, response.text[:500]


def as_prefetch(resources: list[dict[str, Any]]) -> dict[str, Any]:
    prefetch: dict[str, Any] = {"patient": next(r for r in resources if r["resourceType"] == "Patient")}
    for key, kind in KEYS.items():
        prefetch[key] = a_bundle(*(r for r in resources if r["resourceType"] == kind))
    return prefetch


def tried(base: str, patient: str, capsys: pytest.CaptureFixture[str]) -> Any:
    status = main(["try", "--fhir-server", base, "--patient", patient, *DAY])

    told = capsys.readouterr()
    assert (status, told.err) == (0, "")
    return json.loads(told.out)


def load_those_referred_to(base: str) -> None:
    """Synthea's hospitals and practitioners, whom its patients name by conditional reference."""
    for path in sorted((shared_data.ROOT / "synthea").glob("0-*.json.gz")):
        response = requests.post(base, json=shared_data.read(path), headers=FHIR_JSON, timeout=120)
        assert response.status_code == 200


@shared_data.needed
def test_synthea_patients_get_the_same_cards_either_way(
    fhir_server: str, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    with_pain = [entry for entry in shared_data.index_of_synthea() if entry["low_back_pain"]]
    load_those_referred_to(fhir_server)
    told = []

    for entry in with_pain[:PATIENTS]:
        bundle = shared_data.read(shared_data.ROOT / "synthea" / f"{entry['id']}.json.gz")
        resources = under_own_ids(bundle)
        load(fhir_server, [r for r in resources if r["resourceType"] in {"Patient", *KEYS.values()}])

        by_server = tried(fhir_server, entry["id"], capsys)
        request = a_request(context=a_context(patientId=entry["id"]), prefetch=as_prefetch(resources))
        by_prefetch = post(client, request).json

        assert advice_of(by_server) == advice_of(by_prefetch)
        told.append(f"{entry['id']} {state_of(by_server)} {len(by_server['cards'])} cards")
    print("\n".join(told))


def test_our_samples_get_the_same_cards_either_way(
    fhir_server: str, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = Samples.load(load_code_rows())

    for name in ("esi-repeat-window", "second-line-noninvasive", "older-adult"):
        request = json.loads(samples.request(name, TODAY))
        values = request["prefetch"].values()
        bundled = [e["resource"] for value in values for e in value.get("entry", ())]
        load(fhir_server, [request["prefetch"]["patient"], *bundled])

        answer = tried(fhir_server, f"sample-{name}", capsys)

        check_answer(answer, f"sample-{name}")
        assert advice_of(answer) == advice_of(post(client, request).json)


def test_a_patient_that_is_not_there_is_one_clear_end(
    fhir_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["try", "--fhir-server", fhir_server, "--patient", "nobody", *DAY])

    told = capsys.readouterr()
    assert status == 2
    assert "patient could not be read: the server answered 404" in told.err
    assert "nobody" not in told.err.replace("--patient", "")


def test_a_search_that_fails_is_a_gap_and_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    answers = {"/fhir/Patient/p1": (200, a_patient()), "/fhir/Condition?patient=p1": (200, a_bundle())}

    with FhirStub(answers) as server:
        status = main(["try", "--fhir-server", server.base, "--patient", "Patient/p1", *DAY])

    told = capsys.readouterr()
    assert status == 0
    assert "procedures could not be read: the server answered 404" in told.err
    gaps = json.loads(told.out)["extension"]["org.backpath"]["dataGaps"]
    assert {"not-provided"} == {gap["code"] for gap in gaps}
