"""The time line as rows of a table: the same content for those who do not see the picture."""

from collections.abc import Iterator

from cds_service.picture.names import number
from cds_service.picture.timeline import (
    Curve,
    Exposure,
    InjectionMark,
    Pictured,
    ProblemBar,
    Span,
    Timeline,
    TrialBar,
)

NOT_RECORDED = "not recorded"


class Row(Pictured, frozen=True, kw_only=True):
    """One line: what it is, from when to when, and what is said of it; chart words are data."""

    kind: str
    what: str
    start: str = ""  # YYYY-MM-DD, or our words
    end: str = ""
    finding: str = ""


def rows_of(timeline: Timeline) -> tuple[Row, ...]:
    """Every item of the time line, in the order in which it is drawn, scores by day last."""
    return (
        *_problem(timeline.problem),
        *(
            Row(
                kind="Red flag",
                what=flag.name,
                start=_day(flag.on),
                finding=_joined(flag.level, *flag.charted),
            )
            for flag in timeline.flags
        ),
        *(_trial(trial) for trial in timeline.trials),
        *(row for exposure in timeline.earlier for row in _exposure("Earlier therapy", exposure)),
        *(row for exposure in timeline.drugs for row in _exposure("Other drug", exposure)),
        *(
            Row(
                kind="Imaging",
                what=study.name,
                start=_day(study.on),
                finding="counts before an injection" if study.counts else "",
            )
            for study in timeline.studies
        ),
        *_injections(timeline),
        *(Row(kind="Surgery", what=mark.name, start=_day(mark.on)) for mark in timeline.operations),
        *(row for curve in timeline.curves for row in _curve(curve)),
    )


def _problem(problem: ProblemBar | None) -> Iterator[Row]:
    if problem is None:
        return
    names = [*problem.charted, *([f"and {problem.more} more"] if problem.more else [])]
    yield Row(
        kind="Problem",
        what=problem.name,
        start=_day(problem.onset),
        end="active",
        finding=_joined(problem.length, problem.onset_is, *names),
    )


def _trial(trial: TrialBar) -> Row:
    waits = f"enough from {trial.enough_on.isoformat()} on" if trial.enough_on else ""
    return Row(
        kind="Trial",
        what=trial.name,
        start=_day(trial.span.start),
        end="running" if trial.ongoing else trial.span.last.isoformat(),
        finding=_joined(trial.verdict, trial.why, waits, trial.outcome or "", trial.scores or ""),
    )


def _exposure(kind: str, exposure: Exposure) -> Iterator[Row]:
    last = exposure.spans[-1] if exposure.spans else None
    for span in exposure.spans:
        runs = exposure.ongoing and span is last
        end = "running" if runs else span.last.isoformat()
        yield Row(kind=kind, what=exposure.name, start=_day(span.start), end=end)
    if exposure.undated:
        without = f"{exposure.undated} without a date"
        yield Row(kind=kind, what=exposure.name, start=NOT_RECORDED, finding=without)


def _injections(timeline: Timeline) -> Iterator[Row]:
    what = "epidural steroid injection"
    for mark in timeline.injections:
        yield Row(kind="Injection", what=what, start=mark.on.isoformat(), finding=_response(mark))
    if timeline.undated_injection:
        yield Row(kind="Injection", what=what, start=NOT_RECORDED)
    if timeline.series:
        yield Row(kind="Injection", what="series", finding=timeline.series)
    if timeline.next_injection is not None:
        window: Span = timeline.next_injection
        yield Row(
            kind="Injection",
            what="window of the next, if one is needed",
            start=_day(window.start),
            end=window.last.isoformat(),
        )


def _response(mark: InjectionMark) -> str:
    place = f"number {mark.number} of the series" if mark.number else "of an earlier series"
    percent = f"{number(mark.percent)} % relief" if mark.percent is not None else ""
    return _joined(place, mark.response, percent)


def _curve(curve: Curve) -> Iterator[Row]:
    for point in curve.points:
        value = f"{number(point.shown)}{curve.suffix}"
        yield Row(kind="Score", what=curve.name, start=point.on.isoformat(), finding=value)


def _day(day: object) -> str:
    return NOT_RECORDED if day is None else str(day)


def _joined(*words: str) -> str:
    return "; ".join(word for word in words if word)
