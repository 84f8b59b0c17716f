"""What if: a date, a score, a fact or the day is another, and the same service answers."""

import json

import pytest

from cds_service.workbench.additions import FACTS
from tests.cds_service.workbench.bench import Bench


def prefetch_of(bench: Bench, key: str) -> list[dict[str, object]]:
    return [entry["resource"] for entry in bench.state.request["prefetch"][key]["entry"]]


def test_four_days_later_the_next_injection_may_be_weighed(bench: Bench) -> None:
    bench.open("esi-waiting")

    bench.post("day", as_of="2026-11-26")

    assert bench.pathway_state == "esi-repeat-window"
    assert bench.steps == ["The day is 2026-11-26"]


@pytest.mark.parametrize(("step", "day"), [("-7", "2026-11-15"), ("-1", "2026-11-21"), ("+7", "2026-11-29")])
def test_the_day_moves_by_a_button(bench: Bench, step: str, day: str) -> None:
    bench.open("esi-waiting")

    bench.post("day", step=step)

    assert bench.state.request["extension"]["org.backpath"]["asOf"] == day


def test_an_injection_that_was_earlier_leaves_another_state(bench: Bench) -> None:
    bench.open("esi-waiting")

    bench.post("what-if", moved=bench.choice("moved", "2026-11-12"), moved_by="-4")

    assert bench.pathway_state == "esi-repeat-window"
    assert "moved to 2026-11-08" in bench.steps[0]


def test_a_date_moves_to_a_day(bench: Bench) -> None:
    bench.open("esi-waiting")

    bench.post("what-if", moved=bench.choice("moved", "2026-11-12"), moved_to="2026-11-08")

    assert bench.pathway_state == "esi-repeat-window"


def test_all_dates_of_a_resource_move_together_or_one_alone(bench: Bench) -> None:
    together = bench.open("esi-waiting").post(
        "what-if", moved=bench.choice("moved", "2026-09-21 to 2026-11-02"), moved_by="-1"
    )
    (both,) = [r["performedPeriod"] for r in prefetch_of(together, "procedures") if "performedPeriod" in r]
    alone = bench.open("esi-waiting").post(
        "what-if", moved=bench.choice("moved", "only end 2026-11-02"), moved_by="-1"
    )
    (one,) = [r["performedPeriod"] for r in prefetch_of(alone, "procedures") if "performedPeriod" in r]

    assert both == {"start": "2026-09-20", "end": "2026-11-01"}
    assert one == {"start": "2026-09-21", "end": "2026-11-01"}


def test_a_score_that_is_lower_says_that_it_helped(bench: Bench) -> None:
    bench.open("esi-repeat-window")

    bench.post("what-if", score=bench.choice("score", "5 {score}"), score_value="2")

    assert bench.pathway_state == "esi-responding"


def test_a_score_can_be_added(bench: Bench) -> None:
    bench.open("esi-repeat-unscored")

    bench.post("what-if", new_score="nrs", new_value="1,5", new_on="2026-11-21")

    assert bench.pathway_state == "esi-responding"
    value = json.dumps(str(prefetch_of(bench, "observations")[-1]["valueQuantity"]))
    assert "1.5" in value


def test_the_fields_of_a_form_count_together(bench: Bench) -> None:
    bench.open("second-line-noninvasive")

    bench.post("what-if", fact="radicular", fact_on="2026-06-01", new_score="nrs", new_value="7")

    assert len(bench.steps) == 2
    assert bench.pathway_state == "pre-intervention-imaging"


@pytest.mark.parametrize("fact", sorted(FACTS))
def test_every_fact_of_the_list_can_be_added(bench: Bench, fact: str) -> None:
    before = bench.open("second-line-noninvasive").state.request

    bench.post("what-if", fact=fact, fact_on="2026-11-20")

    assert bench.status == 200
    assert len(bench.steps) == 1
    added = json.dumps(bench.state.request["prefetch"], default=str)
    assert "what-if-1" in added
    assert "what-if-1" not in json.dumps(before, default=str)


def test_a_red_flag_changes_everything(bench: Bench) -> None:
    bench.open("second-line-noninvasive")

    bench.post("what-if", fact="cauda-equina")

    assert bench.pathway_state == "red-flag-emergency"
    assert '<article class="card critical"' in bench.text


def test_what_is_taken_out_is_gone(bench: Bench) -> None:
    bench.open("esi-waiting")

    bench.post("what-if", removed=bench.choice("removed", "transforaminal"))

    assert bench.pathway_state == "esi-eligible"
    assert bench.steps[0].startswith("Taken out: Procedure")


def test_changes_add_up(bench: Bench) -> None:
    bench.open("second-line-noninvasive")

    bench.post("what-if", fact="radicular", fact_on="2026-06-01")
    bench.post("what-if", fact="mri", fact_on="2026-11-01")
    bench.post("what-if", fact="esi", fact_on="2026-11-20")

    assert bench.pathway_state == "esi-waiting"
    assert len(bench.steps) == 3


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"moved": "99", "moved_by": "1"}, "The date to move is not in the list."),
        ({"moved": "0"}, "Say by how many days the date moves, or to which day."),
        ({"moved": "0", "moved_by": "99999"}, "Say by how many days"),
        ({"moved": "0", "moved_to": "31.12.2026"}, "The new day must be a day, YYYY-MM-DD."),
        ({"moved": "0", "moved_by": "many"}, "The days to move by must be a number."),
        ({"score": "0", "score_value": "NaN"}, "The new value of the score must be a number."),
        ({"new_score": "vibes", "new_value": "3"}, "The score to add is unknown."),
        ({"fact": "luck"}, "The fact to add is unknown."),
        ({"removed": "-1"}, "What is to be taken out is not in the list."),
    ],
)
def test_a_field_that_cannot_be_read_is_a_clear_page(bench: Bench, fields: dict[str, str], told: str) -> None:
    bench.open("esi-waiting")

    bench.post("what-if", **fields)

    assert bench.status == 400
    assert told in bench.text


def test_nothing_filled_in_changes_nothing(bench: Bench) -> None:
    before = bench.open("esi-waiting").pathway_state

    bench.post("what-if", new_score="nrs", new_on="2026-11-22", fact_on="2026-11-22")

    assert (bench.pathway_state, bench.steps) == (before, [])
