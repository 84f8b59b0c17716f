"""The token stays between the service and the FHIR server, and strings of a chart stay strings."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from werkzeug.test import TestResponse

from cds_service.settings import Settings
from tests.cds_service.fetching.fhir_servers import Sekmet
from tests.cds_service.launch.ehr import SECRET, Ehr
from tests.cds_service.launch.launching import CALLBACK, Browser, a_service, cookies_of, tenants_file

pytestmark = pytest.mark.integration

PATIENT = "sample-esi-repeat-window"
ATTACKED = "attacked"
ATTACK = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}\u202e'


def test_a_token_is_in_no_page_no_address_and_no_log(ehr: Ehr, tmp_path: Path, settings: Settings) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    ehr.register(CALLBACK, secret=SECRET)
    file = tenants_file(tmp_path, ehr, f'client_secret_file = "{secret}"')
    browser = Browser(a_service(replace(settings, tenants=file)))
    browser.shown(browser.launched(ehr, PATIENT))

    (token,) = ehr.tokens
    (asked,) = ehr.asked
    seen = "\n".join([*browser.pages, *browser.addresses, browser.service.log.getvalue()])
    assert token not in seen
    assert SECRET not in seen
    log = browser.service.log.getvalue()
    assert PATIENT not in log
    assert all(asked[name] not in log for name in ("state", "nonce", "code_challenge"))
    assert all(PATIENT not in address for address in browser.addresses)


def test_a_cookie_tells_nothing_to_who_reads_it(ehr: Ehr, browser: Browser) -> None:
    back = browser.launched(ehr, PATIENT)

    (token,) = ehr.tokens
    for cookie in cookies_of(back).values():
        assert token not in cookie["value"]
        assert PATIENT not in cookie["value"]


def test_cookies_are_for_the_service_alone(ehr: Ehr, browser: Browser) -> None:
    asked = browser.get("/launch", iss=ehr.base, launch=ehr.launch(PATIENT))
    ((pending_name, pending),) = cookies_of(asked).items()
    back = browser.back(browser.at_the_ehr(asked))
    cookies = cookies_of(back)
    own_id = back.headers["Location"].rpartition("/")[2]
    session = cookies[f"backpath-pathway-{own_id}"]

    for cookie in (pending, session):
        assert "HttpOnly" in cookie
        assert "Secure" in cookie
        assert cookie["SameSite"] == "Lax"
        assert "Domain" not in cookie
    assert pending["Path"] == "/launch"
    assert int(pending["Max-Age"]) == 600
    assert session["Path"] == f"/launch/pathway/{own_id}"
    assert 3590 <= int(session["Max-Age"]) <= 3600
    assert int(cookies[pending_name]["Max-Age"]) == 0  # it served once


def test_on_loopback_a_cookie_goes_without_tls(ehr: Ehr, tmp_path: Path) -> None:
    service = a_service(Settings(store=f"sqlite:///{tmp_path}/development.sqlite3"))
    browser = Browser(service, base="http://127.0.0.1:5000")

    asked = browser.get("/launch", iss=ehr.base, launch="x")

    ((_, cookie),) = cookies_of(asked).items()
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie


def test_abandoned_launches_do_not_pile_up_in_the_browser(ehr: Ehr, browser: Browser) -> None:
    for _ in range(20):
        browser.get("/launch", iss=ehr.base, launch="x")

    response = browser.get("/launch", iss=ehr.base, launch="x")

    sent = response.request.headers["Cookie"]
    assert sent.count("backpath-launch-") <= 5


def pages(ehr: Ehr, browser: Browser) -> Iterator[TestResponse]:
    yield browser.shown(browser.launched(ehr, PATIENT))
    yield browser.get("/launch")


def test_a_page_runs_nothing_and_is_framed_by_nobody(ehr: Ehr, browser: Browser) -> None:
    for page in pages(ehr, browser):
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        text = page.get_data(as_text=True)
        assert "<script" not in text
        assert "style=" not in text
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "").split("<main")[0]


def test_redirects_are_made_of_the_public_url_never_of_the_host(ehr: Ehr, browser: Browser) -> None:
    response = browser.client.get(
        "/launch", query_string={"iss": ehr.base, "launch": "x"}, base_url="https://evil.example"
    )

    assert "evil" not in response.headers["Location"]
    assert "redirect_uri=https%3A%2F%2Fcds.example.org%2Flaunch%2Fcallback" in response.headers["Location"]


def test_without_a_public_url_a_launch_works_on_loopback_alone(ehr: Ehr, tmp_path: Path) -> None:
    service = a_service(Settings(store=f"sqlite:///{tmp_path}/development.sqlite3"))

    response = service.app.test_client().get(
        "/launch", query_string={"iss": ehr.base}, base_url="http://evil.example"
    )

    assert response.status_code == 503
    assert "Location" not in response.headers


def attacked_record() -> list[dict[str, Any]]:
    """A chart whose every free text is an attack."""
    subject = {"reference": f"Patient/{ATTACKED}"}
    icd10, rxnorm = "http://hl7.org/fhir/sid/icd-10-cm", "http://www.nlm.nih.gov/research/umls/rxnorm"
    return [
        {
            "resourceType": "Patient",
            "id": ATTACKED,
            "birthDate": "1981-05-04",
            "name": [{"use": "official", "family": ATTACK, "given": [ATTACK]}],
        },
        {
            "resourceType": "Condition",
            "id": "attacked-1",
            "subject": subject,
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": {
                "text": ATTACK,
                "coding": [{"system": icd10, "code": "M54.16", "display": ATTACK}],
            },
            "onsetDateTime": "2026-03-01",
            "note": [{"text": ATTACK}],
        },
        {
            "resourceType": "MedicationRequest",
            "id": "attacked-2",
            "status": "active",
            "intent": "order",
            "subject": subject,
            "authoredOn": "2026-11-01",
            "medicationCodeableConcept": {
                "text": ATTACK,
                "coding": [{"system": rxnorm, "code": "855332", "display": ATTACK}],
            },
            "dosageInstruction": [{"text": ATTACK}],
        },
        {
            "resourceType": "Observation",
            "id": "attacked-3",
            "status": "final",
            "subject": subject,
            "effectiveDateTime": "2026-11-20",
            "code": {"text": ATTACK, "coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
            "valueQuantity": {
                "value": 7,
                "unit": ATTACK,
                "system": "http://unitsofmeasure.org",
                "code": "{score}",
            },
        },
    ]


def test_strings_of_a_chart_are_shown_and_never_run(ehr: Ehr, browser: Browser, fhir: Sekmet) -> None:
    fhir.load(attacked_record())

    page = browser.shown(browser.launched(ehr, ATTACKED))

    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "<img" not in text
    assert "<script" not in text
    assert "{{7*7}}" in text
    assert "\u202e" not in text


def test_a_name_of_another_form_is_no_name(ehr: Ehr, browser: Browser, fhir: Sekmet) -> None:
    fhir.load([{"resourceType": "Patient", "id": "nameless", "birthDate": "1981-05-04"}])

    text = browser.shown(browser.launched(ehr, "nameless")).get_data(as_text=True)

    assert "Name not recorded" in text


def test_nothing_is_remembered_of_a_view(ehr: Ehr, browser: Browser) -> None:
    outbox = browser.service.app.extensions["backpath"].remembrance.outbox
    before = outbox.depth()

    browser.shown(browser.launched(ehr, PATIENT))

    assert outbox.depth() == before
    events = [json.loads(line)["event"] for line in browser.service.log.getvalue().splitlines()]
    assert [event for event in events if event.startswith("launch")] == [
        "launch.begun",
        "launch.granted",
        "launch.shown",
    ]
