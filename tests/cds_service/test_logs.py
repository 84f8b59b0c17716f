"""Logs are JSON lines, and only listed fields get through."""

import io
import json
import re
from pathlib import Path

from flask.testing import FlaskClient

from cds_service.logs import LOGGABLE, log_to
from tests.cds_service.making import a_bundle, a_condition, a_patient, a_prefetch, a_request, an_app, post


def test_an_unlisted_field_is_named_but_not_shown() -> None:
    stream = io.StringIO()

    log_to(stream).info("hook.answered", status=200, patient_name="Ada Lovelace")

    line = json.loads(stream.getvalue())
    assert line["dropped"] == ["patient_name"]
    assert line["status"] == 200
    assert "Lovelace" not in stream.getvalue()


def test_an_answer_is_logged_with_its_hook_instance(client: FlaskClient, log: io.StringIO) -> None:
    post(client, a_request())

    line = json.loads(log.getvalue().splitlines()[-1])
    assert line["event"] == "hook.answered"
    assert line["hook_instance"] == a_request()["hookInstance"]
    assert line.keys() <= LOGGABLE


def test_nothing_of_the_patient_is_logged(client: FlaskClient, log: io.StringIO) -> None:
    marked = a_condition()
    marked["code"]["text"] = "MARKED-TEXT"
    broken = {"resourceType": "Procedure", "id": "MARKED-ID", "status": ["MARKED"], "code": "MARKED"}
    prefetch = a_prefetch(
        patient=a_patient(name=[{"family": "MARKED-NAME"}]),
        conditions=a_bundle(marked),
        procedures=a_bundle(broken),
    )

    post(client, a_request(prefetch=prefetch))
    post(client, a_request(hook="MARKED-HOOK"))
    client.get("/cds-services/MARKED-SERVICE")

    assert log.getvalue()
    assert "MARKED" not in log.getvalue()


def test_a_defect_is_logged_by_type_and_place_only() -> None:
    stream = io.StringIO()
    app = an_app(stream=stream)

    @app.get("/broken")
    def broken() -> str:
        raise ZeroDivisionError("MARKED")

    app.test_client().get("/broken")

    line = json.loads(stream.getvalue().splitlines()[-1])
    assert (line["event"], line["error"], line["status"]) == ("request.failed", "ZeroDivisionError", 500)
    assert line["place"]
    assert "MARKED" not in stream.getvalue()


def test_every_event_is_told_of_in_the_reference() -> None:
    root = Path(__file__).parents[2]
    sources = [file.read_text(encoding="utf-8") for file in (root / "cds_service").rglob("*.py")]
    logged = {
        name for text in sources for name in re.findall(r'\.(?:info|warning|error)\(\s*"(\w+\.\w+)"', text)
    }
    section = (root / "docs" / "reference.md").read_text(encoding="utf-8").partition("## Logs")[2]

    told = set(re.findall(r"`(\w+\.\w+)`", section))
    assert len(logged) > 20
    assert logged <= told
