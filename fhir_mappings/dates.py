"""FHIR dates as calendar days (clinical/pathway.md a.1, R3, R86).

A partial date stands for the last day of its month or year, but never for a day after the
evaluation day, so that neither elapsed nor waiting time is overstated. A dateTime with an offset
is converted to the configured time zone before its day is taken.
"""

from calendar import monthrange
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from fhir_mappings.gaps import DataGapError

YEAR, MONTH, DAY = 4, 7, 10  # lengths of YYYY, YYYY-MM, YYYY-MM-DD
EARLIEST = date(1850, 1, 1)  # nobody alive has an older date; room for calendar arithmetic before it
LATEST = date(2999, 12, 31)  # later ones mean "without end"
LONGEST = 40  # characters; a dateTime with nanoseconds and offset has 35
DATES_KEPT = 4096  # of those read last: a chart repeats its dates, and comes again within a visit


class Span(msgspec.Struct, frozen=True, gc=False):
    """The first and last day that a FHIR date may mean."""

    first: date
    last: date


def span(text: str, zone: ZoneInfo, element: str) -> Span:
    """The days that a FHIR date, dateTime or instant stands for.

    Args:
        text: YYYY, YYYY-MM, YYYY-MM-DD or a dateTime, with or without offset.
        zone: Where its calendar day is taken when it has an offset.
        element: Its FHIR path, for the gap.

    Raises:
        DataGapError: not a date, or one before 1850; the message names the element and never the value.
    """
    try:
        return _span(text, zone)
    except (ValueError, OverflowError):
        raise DataGapError(element) from None


@lru_cache(maxsize=DATES_KEPT)
def _span(text: str, zone: ZoneInfo) -> Span:
    found = _meant(text, zone)
    if found.first < EARLIEST:
        raise ValueError(EARLIEST)
    return found if found.last <= LATEST else Span(min(found.first, LATEST), LATEST)


def _meant(text: str, zone: ZoneInfo) -> Span:
    if len(text) == DAY and text[4] == "-" == text[7]:
        day = date.fromisoformat(text)
        return Span(day, day)
    if DAY < len(text) <= LONGEST:
        day = _day_of_time(text, zone)
        return Span(day, day)
    return _partial(text)


def _day_of_time(text: str, zone: ZoneInfo) -> date:
    if not (text[4] == "-" == text[7] and text[10] in "T "):
        raise ValueError(DAY)
    moment = datetime.fromisoformat(text)
    offset = moment.tzinfo
    if offset is None or (offset is UTC and zone.key == "UTC"):
        return moment.date()
    return moment.astimezone(zone).date()


def _partial(text: str) -> Span:
    if not text.replace("-", "").isdecimal() or not text.isascii():
        raise ValueError(YEAR)
    if len(text) == YEAR:
        return Span(date(int(text), 1, 1), date(int(text), 12, 31))
    if len(text) == MONTH and text[4] == "-":
        year, month = int(text[:4]), int(text[5:])
        return Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
    raise ValueError(MONTH)
