"""Lumbar epidural steroid injections: sessions, series, intervals, responses (a.7, R19 to R21)."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import zip_longest

from pathway.days import days_after, months_after
from pathway.facts import InjectionFact, Outcome
from pathway.numbers import Number, Numbers
from pathway.scores import Scores, reduction_percent
from pathway.state import Response, ResponseKind, Series, Session

_BY_OUTCOME = {
    Outcome.SUCCESSFUL: ResponseKind.SUBSTANTIAL,
    Outcome.PARTIAL: ResponseKind.PARTIAL,
    Outcome.UNSUCCESSFUL: ResponseKind.NONE,
}


def sessions_of(
    injections: Iterable[InjectionFact], scores: Scores, numbers: Numbers, *, lumbar_active: bool
) -> tuple[Session, ...]:
    """The sessions by date: one calendar date with at least one injection is one session.

    An add-on code alone makes none; catheter and inpatient codes, which name no region, count only
    beside an active low back problem (R19).
    """
    by_day: dict[date, list[InjectionFact]] = {}
    for injection in injections:
        if injection.on is not None and (lumbar_active or not injection.lumbar_if_problem):
            by_day.setdefault(injection.on, []).append(injection)
    days = sorted(day for day, found in by_day.items() if not all(i.add_on for i in found))
    return tuple(
        Session(
            on=day,
            code=_main_code(by_day[day]),
            response=_response(by_day[day], day, following, scores, numbers),
            sources=tuple(i.source for i in by_day[day]),
        )
        for day, following in zip_longest(days, days[1:])
    )


def _main_code(found: list[InjectionFact]) -> str:
    return min(i.code for i in found if not i.add_on)


def _response(
    found: list[InjectionFact], day: date, following: date | None, scores: Scores, numbers: Numbers
) -> Response:
    coded = [_BY_OUTCOME[i.outcome] for i in found if i.outcome is not None]
    if coded:
        # Several outcomes of one session: the least favourable is the safer reading.
        return Response(kind=max(coded, key=list(_BY_OUTCOME.values()).index))
    baseline = scores.pain(days_after(day, -numbers.whole(Number.ESI_BASELINE_BEFORE_DAYS)), day)
    first = days_after(day, numbers.whole(Number.ESI_RESPONSE_AFTER_DAYS))
    last = None if following is None else days_after(following, -1)
    follow_up = scores.pain(first, last)
    if baseline is None or follow_up is None:
        return Response(kind=ResponseKind.UNKNOWN, baseline=baseline, follow_up=follow_up)
    percent = reduction_percent(baseline.value, follow_up.value)
    is_exact = baseline.bounded is None and follow_up.bounded is None  # of a limit no figure is told
    return Response(
        kind=_kind(percent, follow_up.value, numbers),
        percent=percent if is_exact else None,
        baseline=baseline,
        follow_up=follow_up,
    )


def _kind(percent: Decimal | None, remaining: Decimal, numbers: Numbers) -> ResponseKind:
    if percent is None:  # a baseline of 0 shows nothing (R21)
        return ResponseKind.UNKNOWN
    if percent < numbers[Number.RESPONSE_PARTIAL_PERCENT]:
        return ResponseKind.NONE
    enough = percent >= numbers[Number.SUBSTANTIAL_PERCENT]
    if enough and remaining < numbers[Number.PAIN_RELAPSE]:
        return ResponseKind.SUBSTANTIAL
    return ResponseKind.PARTIAL


def series_on(sessions: tuple[Session, ...], day: date, numbers: Numbers, *, undated: bool = False) -> Series:
    """The series as of `day`: the evaluation day, or the day of a drafted order (R38).

    The first session starts a series; one on or after its start + 12 months starts the next.
    """
    if not sessions:
        return Series(undated=undated)
    months = numbers.whole(Number.ESI_SERIES_MONTHS)
    current: list[Session] = []
    for session in sessions:
        if not current or session.on >= months_after(current[0].on, months):
            current = []
        current.append(session)
    closes = months_after(current[0].on, months)
    is_open = day < closes
    year = _rolling(sessions, day, numbers)
    last = sessions[-1].on
    return Series(
        sessions=sessions,
        current=tuple(current) if is_open else (),
        rolling_year=year,
        undated=undated,
        days_since=(day - last).days,
        earliest=days_after(last, numbers.whole(Number.ESI_MIN_GAP_DAYS)),
        window_end=days_after(last, numbers.whole(Number.ESI_USUAL_GAP_DAYS)),
        closes=closes if is_open else None,
        cap_until=_cap_until(year, numbers),
    )


def _rolling(sessions: tuple[Session, ...], day: date, numbers: Numbers) -> tuple[Session, ...]:
    start = months_after(day, -numbers.whole(Number.ESI_ROLLING_MONTHS))
    return tuple(s for s in sessions if start < s.on <= day)


def _cap_until(year: tuple[Session, ...], numbers: Numbers) -> date | None:
    """The day from which the cap allows one more: the fourth-latest session + 12 months (R44)."""
    cap = numbers.whole(Number.ESI_ROLLING_CAP)
    if len(year) < cap:
        return None
    return months_after(year[-cap].on, numbers.whole(Number.ESI_ROLLING_MONTHS))
