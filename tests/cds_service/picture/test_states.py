"""The map of the states: all 18, the patient's one, and the way in the knowledge's words."""

from datetime import date
from decimal import Decimal

import pytest

from cds_service.picture.states import GROUPS, Standing, state_map
from pathway.loading import load_code_rows
from pathway.overrides import Override, overridden
from pathway.state import StateId
from tests.cds_service.picture.making import KNOWLEDGE, samples, situation, situation_of_sample
from tests.pathway.making import condition, facts, injection, score


def test_every_state_is_on_the_map_once() -> None:
    mapped = [state for _, states in GROUPS for state in states]

    assert sorted(mapped) == sorted(StateId)


@pytest.mark.parametrize("name", list(samples().by_id))
def test_the_patients_state_is_marked_and_the_way_ends_there(name: str) -> None:
    state = samples().by_id[name].state

    shown = state_map(KNOWLEDGE, situation_of_sample(name))

    present = [s.id for g in shown.groups for s in g.states if s.standing is Standing.PRESENT]
    assert present == [state]
    assert shown.present.id == state
    assert [group.is_present for group in shown.groups].count(True) == 1
    assert shown.way[-1].state == state
    assert [step.fits for step in shown.way] == [False] * (len(shown.way) - 1) + [True]
    assert [step.state for step in shown.way] == list(StateId)[: len(shown.way)]


def test_states_after_the_first_that_fits_are_not_asked() -> None:
    shown = state_map(KNOWLEDGE, situation_of_sample("red-flag-workup"))

    asked = {s.id for g in shown.groups for s in g.states if s.standing is Standing.ASKED}
    assert asked == {"not-applicable", "red-flag-emergency"}
    assert shown.conservative == ()


def test_the_parts_of_failed_conservative_care_are_answered_one_by_one() -> None:
    shown = state_map(KNOWLEDGE, situation_of_sample("conservative-in-progress"))

    assert [(part.asked, part.answer) for part in shown.conservative] == [
        ("Conservative care has failed", "no"),
        ("An adequate non-drug therapy has failed", "no"),
        ("An adequate drug trial has failed", "no"),
        ("The pain has lasted 28 days or more", "yes"),
    ]


def test_the_words_follow_a_number_of_the_site() -> None:
    changed = Override(
        by="Dr Example",
        on=date(2026, 1, 5),
        why="Local policy.",
        threshold="esi-min-gap-days",
        value=Decimal(20),
    )
    knowledge = overridden(KNOWLEDGE, (changed,), load_code_rows())
    known = facts(condition("radicular", onset=-300), injection(-16), score("8", -20))

    shown = state_map(knowledge, situation(known, knowledge))

    assert shown.present.id == "esi-waiting"
    assert "less than 20 days ago" in shown.present.entry
