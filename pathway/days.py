"""Calendar arithmetic on dates; the core never asks a clock."""

import calendar
from datetime import date, timedelta

SHORTEST_MONTH = 28  # days


def months_after(day: date, months: int) -> date:
    """The same day `months` calendar months later (negative: earlier).

    A day that the target month lacks becomes its last day: 12 months after 29 February
    is 28 February (clinical/pathway.md a.7).
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if day.day <= SHORTEST_MONTH:
        return date(year, month + 1, day.day)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def days_after(day: date, days: int) -> date:
    """The day `days` days later (negative: earlier)."""
    return day + timedelta(days)


def age_on(day: date, birth_date: date) -> int:
    """Whole years lived on `day`."""
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before_birthday


def whole_weeks(days: int) -> int:
    """Whole weeks elapsed in `days` days."""
    return days // 7
