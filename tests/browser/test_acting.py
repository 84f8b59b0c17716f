"""What a person does in the workbench by mouse, with a real FHIR server and the real store behind it."""

import json
import sqlite3
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service.samples import Samples
from pathway.loading import load_code_rows
from tests.browser.windows import Window, needed
from tests.cds_service.fetching.fhir_servers import Sekmet

pytestmark = [pytest.mark.integration, needed]

FORWARDED_S = 60.0
PATIENT = "sample-esi-waiting"


@pytest.fixture(scope="module")
def server(server: Sekmet) -> Sekmet:
    """With a patient ten days after an injection."""
    request = json.loads(Samples.load(load_code_rows()).request("esi-waiting", date.today()))  # noqa: DTZ011
    bundled = [e["resource"] for value in request["prefetch"].values() for e in value.get("entry", ())]
    server.load([request["prefetch"]["patient"], *bundled])
    return server


def opened_from(shown: Window, server: Sekmet) -> None:
    shown.open()
    shown.page.get_by_label("Base URL").fill(f"{server.origin}/fhir")
    shown.page.get_by_label("Patient id").fill(PATIENT)
    shown.press("Open the chart")


def orders_of(server: Sekmet) -> list[dict[str, Any]]:
    response = requests.get(f"{server.origin}/fhir/ServiceRequest?patient={PATIENT}", timeout=60)
    return [entry["resource"] for entry in response.json().get("entry", ())]


def reported(store: Path) -> list[tuple[str, str]]:
    """Outcome and recommendation of each feedback, once the forwarder has brought it to the store."""
    deadline = time.monotonic() + FORWARDED_S
    rows: list[tuple[str, str]] = []
    while not rows and time.monotonic() < deadline:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
            rows = connection.execute(
                "select feedback.outcome, items.recommendation from feedback join items using (card)"
            ).fetchall()
        time.sleep(0.1)
    return rows


def test_an_accepted_suggestion_is_in_the_ehr_in_the_store_and_quiet_afterwards(
    shown: Window, server: Sekmet, store: Path
) -> None:
    opened_from(shown, server)
    before = {order["id"] for order in orders_of(server)}
    assert shown.state == "esi-waiting"
    assert "esi-wait" in shown.recommendations

    shown.press("Book a follow-up")

    (made,) = [order for order in orders_of(server) if order["id"] not in before]
    assert f"Created on the FHIR server: ServiceRequest/{made['id']}." in shown.done
    assert made["subject"]["reference"] == f"Patient/{PATIENT}"
    assert ("accepted", "esi-wait") in reported(store)
    assert "esi-wait" not in shown.recommendations
    opened_from(shown, server)
    assert "esi-wait" not in shown.recommendations
    assert "it was accepted; shown again from" in shown.page.locator("ul.held").inner_text()


def test_an_injection_on_day_13_is_guarded_and_on_day_14_not(shown: Window) -> None:
    shown.open("/?sample=esi-waiting")  # the injection was ten days ago
    today = date.fromisoformat(shown.page.locator("#as-of").input_value())

    drafted(shown, today + timedelta(days=3))
    selected_13 = shown.recommendations
    shown.press("Sign", exact=True)
    signed_13 = shown.recommendations
    shown.press("Back to the chart")
    drafted(shown, today + timedelta(days=4))
    selected_14 = shown.recommendations
    shown.press("Sign", exact=True)

    assert "esi-too-early" in selected_13
    assert "esi-too-early" in signed_13
    assert "esi-too-early" not in selected_14
    assert "esi-too-early" not in shown.recommendations


def drafted(shown: Window, on: date) -> None:
    shown.page.get_by_label("What", exact=True).select_option("esi")
    shown.page.get_by_label("For", exact=True).fill(on.isoformat())
    shown.press("Draft it")


def test_a_card_that_is_overridden_for_a_reason_is_quiet(shown: Window) -> None:
    shown.open("/?sample=initial-conservative")
    before = shown.recommendations
    first = shown.cards.first

    first.get_by_label("Not now, because").select_option(index=1)
    with shown.page.expect_navigation():
        first.get_by_role("button", name="Override").click()

    assert '"outcome": "overridden"' in shown.done
    assert len(shown.recommendations) < len(before)
    assert shown.page.evaluate("document.activeElement.id") == "done"


def test_the_day_moves_and_the_state_with_it(shown: Window) -> None:
    shown.open("/?sample=esi-waiting")

    shown.press("7 days later")

    assert shown.state == "esi-repeat-window"
