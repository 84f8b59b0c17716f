"""The axis fits the patient, and its ticks fit the axis."""

from datetime import date
from itertools import pairwise

import pytest

from cds_service.picture.axis import LEAST_DAYS, Axis, axis_of, ticks_of
from tests.cds_service.picture.making import crowded, pictured, sampled
from tests.pathway.making import TODAY, condition, day, facts, injection, score, therapy


def test_a_short_story_keeps_its_width() -> None:
    axis = axis_of(pictured(facts(condition("lbp-axial", onset=-5))))

    assert axis.first <= day(-LEAST_DAYS)
    assert axis.days <= LEAST_DAYS + 8
    assert axis.first < TODAY < axis.last


def test_an_old_problem_is_cut_off_where_it_would_squeeze_what_happened() -> None:
    known = facts(condition("radicular", onset=-1500), therapy("exercise-pt", -90, -40))

    axis = axis_of(pictured(known))

    assert day(-100) < axis.first < day(-90)


def test_a_problem_not_much_older_than_the_rest_is_shown_whole() -> None:
    known = facts(condition("radicular", onset=-150), therapy("exercise-pt", -90, -40))

    assert axis_of(pictured(known)).first < day(-150)


def test_nothing_older_than_five_years_stretches_the_axis() -> None:
    known = facts(condition("radicular", onset=-4000), score("5", -3000), score("6", -1000))

    first = axis_of(pictured(known)).first

    assert day(-1100) < first < day(-1000)


def test_the_window_of_the_next_injection_lies_on_the_axis() -> None:
    known = facts(condition("radicular", onset=-100), injection(-1), score("8", -5))

    axis = axis_of(pictured(known))

    assert axis.last > day(27)


@pytest.mark.parametrize("most", [6, 10])
@pytest.mark.parametrize("days", [1, 20, 56, 100, 101, 200, 400, 800, 1900, 4000])
def test_there_are_some_ticks_and_not_too_many(days: int, most: int) -> None:
    axis = Axis(first=day(-days), last=day(5), today=TODAY)

    ticks = ticks_of(axis, most)

    assert 1 <= len(ticks) <= most + 2
    assert all(axis.first <= tick.on <= axis.last for tick in ticks)
    assert all(one.on < other.on for one, other in pairwise(ticks))


def test_a_year_stands_once() -> None:
    axis = Axis(first=date(2025, 9, 10), last=date(2026, 4, 2), today=date(2026, 4, 1))

    labels = [tick.label for tick in ticks_of(axis, 10)]

    assert labels == [
        ("Oct", "2025"),
        ("Nov", ""),
        ("Dec", ""),
        ("Jan", "2026"),
        ("Feb", ""),
        ("Mar", ""),
        ("Apr", ""),
    ]


def test_every_sample_has_today_on_its_axis() -> None:
    for name in ("esi-waiting", "sci-neuropathic-pain", "red-flag-workup"):
        axis = axis_of(sampled(name))
        assert 0.5 < axis.share(axis.today) < 1


def test_a_crowded_patient_is_seen_over_two_years() -> None:
    axis = axis_of(pictured(crowded()))

    assert day(-750) < axis.first < day(-700)
