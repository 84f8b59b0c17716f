"""Suggestions accepted and cards overridden: reported like a client's feedback, and remembered."""

import pytest

from tests.cds_service.workbench.bench import Bench


def test_what_was_accepted_is_shown_reported_and_quiet_afterwards(bench: Bench) -> None:
    bench.open("esi-waiting").post("another")

    bench.post("accept", suggestion=bench.suggestion("Book a follow-up"))

    assert "There is no FHIR server: this is what the EHR would create." in bench.done
    assert '"resourceType": "ServiceRequest"' in bench.done
    assert '"outcome": "accepted"' in bench.done
    assert "Feedback was kept." in bench.done
    assert "esi-wait" not in bench.recommendations
    assert "it was accepted; shown again from" in bench.held


def test_another_id_is_a_patient_of_whom_nothing_is_remembered(bench: Bench) -> None:
    bench.open("esi-waiting").post("another")
    bench.post("accept", suggestion=bench.suggestion("Book a follow-up"))

    bench.post("another")

    assert bench.held == ""
    assert "esi-wait" in bench.recommendations
    assert bench.pathway_state == "esi-waiting"


def test_a_card_that_was_overridden_with_a_reason_is_quiet(bench: Bench) -> None:
    bench.open("initial-conservative").post("another")
    before, card = bench.recommendations, bench.card

    bench.post("override", card=card, **{f"reason-{card}": "0"})

    assert '"outcome": "overridden"' in bench.done
    assert '"code": "patient-preference"' in bench.done
    assert "Feedback was kept." in bench.done
    assert len(bench.recommendations) < len(before)


def test_a_card_may_be_overridden_without_a_reason(bench: Bench) -> None:
    bench.open("initial-conservative").post("another")

    bench.post("override", card=bench.card)

    assert "No reason was given." in bench.done
    assert "overrideReason" not in bench.done


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("accept", {"suggestion": "9b1c"}),
        ("override", {"card": "9b1c"}),
    ],
)
def test_what_is_not_on_the_page_cannot_be_acted_on(bench: Bench, path: str, fields: dict[str, str]) -> None:
    bench.open("esi-waiting").post(path, **fields)

    assert bench.status == 400
    assert "This is not on the page any more." in bench.text


def test_a_reason_that_the_card_does_not_offer_is_refused(bench: Bench) -> None:
    bench.open("esi-waiting")
    card = bench.card

    bench.post("override", card=card, **{f"reason-{card}": "99"})

    assert bench.status == 400
