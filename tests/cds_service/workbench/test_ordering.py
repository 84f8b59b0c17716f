"""An order is drafted, guarded when it is selected and when it is signed, and changed as a guard suggests."""

import pytest

from cds_service.workbench.additions import ORDERS
from tests.cds_service.workbench.bench import Bench


@pytest.mark.parametrize(("on", "guarded"), [("2026-11-25", True), ("2026-11-26", False)])
def test_an_injection_on_day_13_is_too_early_and_on_day_14_not(bench: Bench, on: str, guarded: bool) -> None:
    bench.open("esi-waiting").post("another")

    bench.post("order", order="esi", on=on)
    selected = bench.recommendations
    bench.post("order", do="sign")

    assert bench.state.request["hook"] == "order-sign"
    assert ("esi-too-early" in selected, "esi-too-early" in bench.recommendations) == (guarded, guarded)


@pytest.mark.parametrize("order", sorted(ORDERS))
def test_every_order_of_the_list_can_be_drafted_and_signed(bench: Bench, order: str) -> None:
    bench.open("older-adult")

    drafted = bench.post("order", order=order, on="2026-11-22").status
    signed = bench.post("order", do="sign").status

    assert (drafted, signed) == (200, 200)


def test_all_drafts_are_selected(bench: Bench) -> None:
    bench.open("initial-conservative")

    bench.post("order", order="mri")
    bench.post("order", order="oxycodone")

    context = bench.state.request["context"]
    assert context["selections"] == ["ServiceRequest/draft-1", "MedicationRequest/draft-2"]
    assert "imaging-axial-routine" in bench.recommendations or "imaging-no-red-flag" in bench.recommendations
    assert "opioid-first-line" in bench.recommendations


def test_a_suggestion_of_a_guard_changes_the_draft(bench: Bench) -> None:
    bench.open("esi-waiting").post("another").post("order", order="esi", on="2026-11-25")

    bench.post("accept", suggestion=bench.suggestion("2026-11-26"))

    (entry,) = bench.state.request["context"]["draftOrders"]["entry"]
    assert entry["resource"]["occurrenceDateTime"] == "2026-11-26"
    assert "esi-too-early" not in bench.recommendations
    assert "The drafts were changed as it says." in bench.done


def test_a_draft_that_a_suggestion_deletes_leads_back_to_the_chart(bench: Bench) -> None:
    bench.open("initial-conservative").post("another").post("order", order="mri")

    bench.post("accept", suggestion=bench.suggestion("Remove this imaging order"))

    assert bench.state.request["hook"] == "patient-view"
    assert "draftOrders" not in bench.state.request["context"]


def test_a_draft_is_taken_away(bench: Bench) -> None:
    bench.open("initial-conservative").post("order", order="mri").post("order", order="naproxen")

    bench.post("order", drop="ServiceRequest/draft-1")

    assert bench.state.request["context"]["selections"] == ["MedicationRequest/draft-2"]


def test_the_chart_is_opened_again_without_the_drafts(bench: Bench) -> None:
    bench.open("initial-conservative").post("order", order="mri")

    bench.post("order", do="chart")

    assert bench.state.request["hook"] == "patient-view"
    assert bench.state.request["context"].keys() == {"userId", "patientId"}


def test_the_day_can_move_while_orders_are_written(bench: Bench) -> None:
    bench.open("esi-waiting").post("another").post("order", order="esi", on="2026-11-25")

    bench.post("day", as_of="2026-11-24")

    assert bench.state.request["hook"] == "order-select"
    assert "esi-too-early" in bench.recommendations


def test_an_order_that_is_not_in_the_list_is_refused(bench: Bench) -> None:
    bench.open("esi-waiting").post("order", order="a-holiday")

    assert bench.status == 400
    assert "Choose what is ordered." in bench.text
