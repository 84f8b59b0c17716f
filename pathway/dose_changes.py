"""A drafted dose made smaller: fewer units at a time or, where these are not whole, fewer doses a day.

Both are computed in whole numbers only; where none is left, no change is proposed.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from pathway.advice import Value
from pathway.draft_context import Draft
from pathway.drafts import DraftDrug, Rhythm, counts_pieces

HOURS = 24
# What `lowered` may tell, for the registry of the guards.
LOWERED = ("new_dose", "new_times", "old_times", "new_rhythm", "old_rhythm", "new_daily_units")


class Room(NamedTuple):
    """What may be left of a daily dose; both in one unit."""

    most: Decimal
    daily: Decimal  # as it is ordered
    below: bool  # `most` itself is too much already

    def whole(self, number: Decimal) -> Decimal:
        """The largest whole number that is as far below this one as the daily dose must become."""
        left = number * self.most / self.daily
        whole = left.to_integral_value(rounding=ROUND_FLOOR)
        return whole - 1 if self.below and whole == left else whole


def lowered(draft: Draft, room: Room) -> dict[str, Value]:
    """The smaller dose or, where there is none, the fewer doses a day that leave what may be left.

    Returns:
        `new_dose` (units at a time), or `new_times` and `old_times` (doses a day) with both
        rhythms in words, and `new_daily_units` where that is known; empty where no whole number is
        small enough.
    """
    if not isinstance(draft, DraftDrug) or not 0 < room.most <= room.daily:
        return {}
    dose = _smaller_dose(draft, room)
    if dose is not None and draft.dose_units:
        return {"new_dose": dose, **_daily(draft, dose / draft.dose_units)}
    rhythm = draft.rhythm
    times = None if rhythm is None else _fewer_times(draft, rhythm, room)
    if rhythm is None or times is None:
        return {}
    return {
        "new_times": times,
        "old_times": rhythm.times,
        "new_rhythm": in_words(rhythm, times),
        "old_rhythm": in_words(rhythm, rhythm.times),
        **_daily(draft, times / rhythm.times),
    }


def in_words(rhythm: Rhythm, times: Decimal) -> str:
    """So many times a day, said as the order says it: "every 8 hours", "3 times a day"."""
    if rhythm.at_intervals:
        return f"every {_plain(HOURS / times)} hours"
    return "once a day" if times == 1 else f"{_plain(times)} times a day"


def _smaller_dose(draft: DraftDrug, room: Room) -> Decimal | None:
    units = draft.dose_units
    if units is None or not counts_pieces(draft):
        return None
    found = room.whole(units)
    return found if 1 <= found < units else None


def _fewer_times(draft: DraftDrug, rhythm: Rhythm, room: Room) -> Decimal | None:
    """Of an interval those that divide the day; none for what acts for its own time, as patches do."""
    if draft.drug.long_acting or any(s.unit != "mg" for s in draft.drug.substances):
        return None
    fewer = (rhythm.times - 1).to_integral_value(rounding=ROUND_CEILING)
    most = min(room.whole(rhythm.times), fewer, Decimal(HOURS))
    numbers = (Decimal(times) for times in range(int(most), 0, -1))
    return next((n for n in numbers if not rhythm.at_intervals or HOURS % n == 0), None)


def _daily(draft: DraftDrug, factor: Decimal) -> dict[str, Value]:
    return {} if draft.daily_units is None else {"new_daily_units": draft.daily_units * factor}


def _plain(number: Decimal) -> str:
    return f"{round(number, 2).normalize():f}"
