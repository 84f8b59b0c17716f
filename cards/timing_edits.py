"""Dosage instructions that end sooner: the bounds of their timing, where they have any."""

import re
from datetime import date, timedelta

from cards.opaque import DraftJson, json_number, json_object
from cards.resources import UCUM

DAY_UNITS = frozenset({"d", "day", "days"})
_FULL_DATE = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)(?P<time>T.{1,40})?", re.ASCII)


def dosages_bounded(draft: DraftJson, days: int) -> DraftJson | None:
    """The member `dosageInstruction` with every bound at most `days` long.

    Returns:
        Empty without dosage instructions; None where a bound cannot be set.
    """
    name = "dosageInstruction"
    if name not in draft:
        return {}
    dosages = draft[name]
    if not isinstance(dosages, list):
        bounded = _dosage_bounded(dosages, days)
        return None if bounded is None and dosages is not None else {name: bounded}
    changed = [_dosage_bounded(dosage, days) for dosage in dosages]
    if any(new is None and old is not None for new, old in zip(changed, dosages, strict=True)):
        return None
    return {name: changed}


def _dosage_bounded(dosage: object, days: int) -> object:
    """None where the bound cannot be set; without bounds as it is."""
    element = json_object(dosage) or {}
    timing = json_object(element.get("timing")) or {}
    repeat = json_object(timing.get("repeat"))
    if repeat is None:
        return dosage
    bounded = _repeat_bounded(repeat, days)
    return None if bounded is None else {**element, "timing": {**timing, "repeat": bounded}}


def _repeat_bounded(repeat: DraftJson, days: int) -> DraftJson | None:
    if repeat.get("boundsRange"):  # so many to so many days: neither is the new one
        return None
    changed = dict(repeat)
    duration, period = json_object(repeat.get("boundsDuration")), json_object(repeat.get("boundsPeriod"))
    if duration and not _is_within(duration, days):
        changed["boundsDuration"] = {**duration, "value": days, "unit": "days", "system": UCUM, "code": "d"}
    if period and period.get("end"):
        end = _end(period.get("start"), days)
        if end is None:
            return None
        changed["boundsPeriod"] = {**period, "end": _sooner(end, period["end"])}
    return changed


def _is_within(duration: DraftJson, days: int) -> bool:
    """Whether it is known to be no longer: what is short already is not made longer."""
    value = json_number(duration.get("value"))
    units = [duration[name] for name in ("code", "unit") if name in duration]
    is_in_days = bool(units) and all(unit in DAY_UNITS for unit in units)
    return is_in_days and value is not None and 0 < value <= days


def _end(start: object, days: int) -> str | None:
    """So many days after a start, at the same time of day; None without a full date."""
    found = _FULL_DATE.fullmatch(start) if isinstance(start, str) else None
    if found is None:
        return None
    try:
        day = date.fromisoformat(found["day"]) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return f"{day.isoformat()}{found['time'] or ''}"


def _sooner(end: str, written: object) -> object:
    """The end as written where that is a full date and an earlier day."""
    is_full = isinstance(written, str) and _FULL_DATE.fullmatch(written)
    return written if is_full and str(written)[:10] < end[:10] else end
