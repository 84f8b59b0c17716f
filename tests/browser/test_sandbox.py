"""docs/sandbox.md: a page of another origin calls the service as the CDS Hooks Sandbox does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Browser

from cds_service.load_samples import main as load_samples
from tests.browser.windows import Window, needed, window
from tests.cds_service.fetching.fhir_servers import Sekmet

pytestmark = [pytest.mark.integration, needed]

PATIENT = "sample-esi-waiting"


@pytest.fixture(scope="module")
def server(server: Sekmet) -> Sekmet:
    """With the samples, loaded as the page says."""
    assert load_samples([f"{server.origin}/fhir"]) == 0
    return server


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href='data:,'><title>Another origin</title>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[Window]:
    """A page of another origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Blank)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with window(browser, f"http://127.0.0.1:{server.server_port}") as opened:
        yield opened.open()
    server.shutdown()
    server.server_close()


def call(elsewhere: Window, url: str, body: Any = None) -> Any:
    """What the page gets: the browser sends the preflight."""
    answer = elsewhere.page.evaluate(
        """async ([url, body]) => {
          const options = body === null ? {} : {method: "POST", body: JSON.stringify(body)};
          const answer = await fetch(url, {...options, headers: {"Content-Type": "application/json"}});
          return {status: answer.status, text: await answer.text()};
        }""",
        [url, body],
    )
    assert answer["status"] == 200, answer["text"]
    return answer["text"]


def prefetched(templates: dict[str, str], fhir: str) -> dict[str, Any]:
    """What the Sandbox resolves: reads by GET, searches by POST."""
    found = {}
    for key, template in templates.items():
        asked = urlsplit(template.replace("{{context.patientId}}", PATIENT))
        if asked.query:
            form = dict(parse_qsl(asked.query))
            answer = requests.post(f"{fhir}/{asked.path}/_search", data=form, timeout=60)
        else:
            answer = requests.get(f"{fhir}/{asked.path}", timeout=60)
        if answer.status_code == 200:
            found[key] = answer.json()
    return found


def test_a_page_of_another_origin_gets_cards_and_reports_what_became_of_them(
    elsewhere: Window, demo: str, server: Sekmet
) -> None:
    fhir = f"{server.origin}/fhir"
    services = json.loads(call(elsewhere, f"{demo}/cds-services"))["services"]
    view = next(service for service in services if service["hook"] == "patient-view")
    request = {
        "hook": "patient-view",
        "hookInstance": str(uuid4()),
        "fhirServer": fhir,
        "context": {"patientId": PATIENT, "userId": "Practitioner/COREPRACTITIONER1"},
        "prefetch": prefetched(view["prefetch"], fhir),
    }
    url = f"{demo}/cds-services/{view['id']}"

    card = json.loads(call(elsewhere, url, request))["cards"][0]
    item = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": "2026-11-22T10:00:00Z",
    }
    call(elsewhere, f"{url}/feedback", {"feedback": [item]})
    again = json.loads(call(elsewhere, url, request | {"hookInstance": str(uuid4())}))

    assert set(request["prefetch"]) == set(view["prefetch"])
    assert card["extension"]["org.backpath"]["recommendations"][0] == "esi-wait"
    assert "esi-wait" in {one["recommendation"] for one in again["extension"]["org.backpath"]["heldBack"]}
    assert elsewhere.faults == []


def test_an_error_reaches_a_page_of_another_origin_as_what_it_is(elsewhere: Window, demo: str) -> None:
    answer = elsewhere.page.evaluate(
        "async url => (await fetch(url, {method: 'POST', body: '{}'})).status",
        f"{demo}/cds-services/low-back-pain-patient-view",
    )

    assert answer in (400, 415)
