from datetime import date
from decimal import Decimal

import msgspec
import pytest

from pathway.facts import Bound, Bounded, InjectionFact, Outcome
from pathway.injections import series_on, sessions_of
from pathway.scores import Scores
from pathway.state import ResponseKind, Session

from .making import NUMBERS, TODAY, day, injection, score, source


def sessions(*found: InjectionFact, scores: tuple = (), lumbar_active: bool = True) -> tuple[Session, ...]:
    return sessions_of(found, Scores(scores), NUMBERS, lumbar_active=lumbar_active)


def response(before: str | None, after: str | None, after_day: int = -10) -> ResponseKind:
    scores = [score(before, -30)] if before else []
    scores += [score(after, after_day)] if after else []
    return sessions(injection(-30), scores=tuple(scores))[0].response.kind


def test_relief_from_or_to_a_limit_is_judged_and_has_no_figure() -> None:
    limit = Bounded(bound=Bound.BELOW, limit=Decimal(3))
    after = msgspec.structs.replace(score("2.9", -10), bounded=limit)

    (session,) = sessions(injection(-30), scores=(score("8", -30), after))

    assert (session.response.kind, session.response.percent) == (ResponseKind.SUBSTANTIAL, None)


def test_several_levels_and_code_systems_on_one_day_are_one_session() -> None:
    found = sessions(injection(-10, "64483"), injection(-10, "64484"), injection(-10, "3E0S33Z"))

    assert [s.on for s in found] == [day(-10)]


def test_an_add_on_code_alone_is_no_session() -> None:
    assert sessions(injection(-10, "64484")) == ()


@pytest.mark.parametrize("code", ["62326", "62327", "3E0S33Z", "3E0R33Z"])
def test_codes_without_region_count_only_beside_a_low_back_problem(code: str) -> None:
    assert len(sessions(injection(-10, code), lumbar_active=True)) == 1
    assert sessions(injection(-10, code), lumbar_active=False) == ()


def test_an_undated_injection_is_ever_but_in_no_series() -> None:
    assert sessions(injection(None)) == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("10", "7.1", ResponseKind.NONE),  # 29 %
        ("10", "7", ResponseKind.PARTIAL),  # 30 %
        ("6", "4.2", ResponseKind.PARTIAL),  # exactly 30 %, which binary floats miss
        ("10", "5.1", ResponseKind.PARTIAL),  # 49 %
        ("8", "4", ResponseKind.PARTIAL),  # 50 %, but still 4 of 10
        ("7.8", "3.9", ResponseKind.SUBSTANTIAL),  # 50 %, below 4
        ("6", "8", ResponseKind.NONE),
        ("0", "0", ResponseKind.UNKNOWN),  # a baseline of 0 shows nothing
        (None, "3", ResponseKind.UNKNOWN),
        ("8", None, ResponseKind.UNKNOWN),
    ],
)
def test_the_response_is_judged_by_the_exact_percentage(
    before: str | None, after: str | None, expected: ResponseKind
) -> None:
    assert expected == response(before, after)


@pytest.mark.parametrize(("offset", "known"), [(-24, False), (-23, True)])
def test_a_response_is_judged_from_day_seven_on(offset: int, known: bool) -> None:
    assert known == (response("8", "2", offset) is not ResponseKind.UNKNOWN)


@pytest.mark.parametrize(("offset", "known"), [(-73, False), (-72, True), (-30, True), (-29, False)])
def test_the_baseline_lies_in_the_42_days_before_or_on_the_day(offset: int, known: bool) -> None:
    found = sessions(injection(-30), scores=(score("8", offset), score("2", -10)))[0]

    assert known == (found.response.kind is not ResponseKind.UNKNOWN)


def test_only_scores_before_the_next_session_count() -> None:
    found = sessions(
        injection(-60), injection(-30), scores=(score("8", -61), score("2", -30), score("8", -2))
    )

    assert found[0].response.kind is ResponseKind.UNKNOWN
    assert found[1].response.kind is ResponseKind.NONE


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.SUCCESSFUL, ResponseKind.SUBSTANTIAL),
        (Outcome.PARTIAL, ResponseKind.PARTIAL),
        (Outcome.UNSUCCESSFUL, ResponseKind.NONE),
    ],
)
def test_a_coded_outcome_decides_before_scores(outcome: Outcome, expected: ResponseKind) -> None:
    scores = (score("8", -30), score("8", -5))

    assert expected == sessions(injection(-30, outcome=outcome), scores=scores)[0].response.kind


def test_relief_is_an_exact_decimal() -> None:
    found = sessions(injection(-30), scores=(score("6", -30), score("4.2", -5)))[0]

    assert found.response.percent == Decimal(30)


@pytest.mark.parametrize(("offset", "n"), [(-364, 2), (-365, 1), (-366, 1)])
def test_a_session_twelve_months_after_the_first_starts_a_new_series(offset: int, n: int) -> None:
    # 2025-11-22 is 365 days before 2026-11-22
    first = InjectionFact(on=day(offset), code="62323", source=source())
    found = series_on(sessions(first, injection(0)), TODAY, NUMBERS)

    assert n == found.n


def test_a_series_closes_twelve_months_after_its_first_session() -> None:
    found = sessions(injection(-365), injection(-340))

    assert series_on(found, day(-1), NUMBERS).n == 2
    assert series_on(found, day(0), NUMBERS).n == 0
    assert series_on(found, day(0), NUMBERS).closes is None


def test_a_series_begun_on_a_leap_day_closes_on_the_28th() -> None:
    leap = InjectionFact(on=date(2024, 2, 29), code="62323", source=source())
    found = sessions(leap)

    assert series_on(found, date(2025, 2, 27), NUMBERS).closes == date(2025, 2, 28)
    assert series_on(found, date(2025, 2, 28), NUMBERS).n == 0


def test_the_window_of_the_next_is_day_14_to_day_28() -> None:
    found = series_on(sessions(injection(-10)), TODAY, NUMBERS)

    assert (found.earliest, found.window_end, found.days_since) == (day(4), day(18), 10)


def test_the_cap_lifts_when_the_fourth_latest_drops_out() -> None:
    found = series_on(
        sessions(*(injection(offset) for offset in (-300, -200, -150, -100, -40))), TODAY, NUMBERS
    )

    assert len(found.rolling_year) == 5
    assert found.cap_until == date(2027, 5, 6)  # 12 months after 2026-05-06, the fourth latest


def test_a_session_exactly_twelve_months_ago_no_longer_counts_for_the_cap() -> None:
    assert len(series_on(sessions(injection(-365)), TODAY, NUMBERS).rolling_year) == 0
    assert len(series_on(sessions(injection(-364)), TODAY, NUMBERS).rolling_year) == 1
