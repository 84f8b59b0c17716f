from datetime import date

import pytest

from pathway.days import age_on, months_after, whole_weeks


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 11, 22), -12, date(2025, 11, 22)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_a_day_that_the_month_lacks_becomes_its_last(start: date, months: int, expected: date) -> None:
    assert expected == months_after(start, months)


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2026, 11, 21), 64), (date(2026, 11, 22), 65), (date(2026, 11, 23), 65)]
)
def test_a_year_of_age_is_reached_on_the_birthday(day: date, expected: int) -> None:
    assert expected == age_on(day, date(1961, 11, 22))


def test_somebody_born_on_a_leap_day_ages_on_the_first_of_march() -> None:
    assert age_on(date(2025, 2, 28), date(1960, 2, 29)) == 64
    assert age_on(date(2025, 3, 1), date(1960, 2, 29)) == 65


@pytest.mark.parametrize(("days", "expected"), [(0, 0), (6, 0), (7, 1), (27, 3), (28, 4)])
def test_weeks_are_whole_weeks_elapsed(days: int, expected: int) -> None:
    assert expected == whole_weeks(days)
