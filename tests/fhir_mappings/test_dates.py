from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.dates import Span, span
from fhir_mappings.gaps import DataGapError

UTC = ZoneInfo("UTC")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11-22", date(2026, 11, 22), date(2026, 11, 22)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("2026-11-22T23:59:59Z", date(2026, 11, 22), date(2026, 11, 22)),
        ("2026-11-22T23:30:00.123456-05:00", date(2026, 11, 23), date(2026, 11, 23)),
        ("2026-11-22T10:00:00", date(2026, 11, 22), date(2026, 11, 22)),
    ],
)
def test_a_partial_date_stands_for_all_its_days(text: str, first: date, last: date) -> None:
    assert span(text, UTC, "onsetDateTime") == Span(first, last)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-22T02:00:00Z", date(2026, 11, 21)),
        ("2026-11-22T12:00:00+14:00", date(2026, 11, 21)),
        ("2026-11-22T02:00:00", date(2026, 11, 22)),  # no offset: its own day
    ],
)
def test_a_time_with_offset_is_brought_to_the_configured_zone(text: str, day: date) -> None:
    assert span(text, NEW_YORK, "authoredOn").first == day


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13", "2026-02-30", "26", "2026-W01-1", "20261122", "2026-11-22T25:00:00Z",
     "0000", "2026-1", "\uff12\uff10\uff12\uff16", "2026-11-22Tx", "-026-01", "2026-11-22" * 20],
)  # fmt: skip
def test_what_is_no_date_names_the_element_and_not_the_value(text: str) -> None:
    with pytest.raises(DataGapError) as raised:
        span(text, UTC, "recordedDate")

    assert str(raised.value) == "unreadable: recordedDate"


@given(st.text(max_size=50))
def test_any_text_is_a_date_or_a_gap(text: str) -> None:
    try:
        found = span(text, NEW_YORK, "x")
    except DataGapError:
        return

    assert found.first <= found.last


def test_a_date_before_anyone_alive_is_a_gap_and_one_without_end_is_kept() -> None:
    with pytest.raises(DataGapError):
        span("0001-01-01", UTC, "x")
    assert span("9999-12-31", UTC, "x").last == date(2999, 12, 31)


def test_the_ends_of_the_calendar_are_a_gap_where_the_zone_leads_beyond() -> None:
    with pytest.raises(DataGapError):
        span("0001-01-01T00:00:00Z", NEW_YORK, "x")
