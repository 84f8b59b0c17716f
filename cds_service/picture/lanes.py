"""The lanes of the picture from top to bottom."""

from collections.abc import Iterator

from cds_service.picture.axis import Axis
from cds_service.picture.lane import Dot, Lane, bar_of, cut_off, runs_on, sentence, some_of
from cds_service.picture.names import number
from cds_service.picture.palette import Role
from cds_service.picture.panels import panels_of
from cds_service.picture.timeline import FlagMark, InjectionMark, ProblemBar, Timeline
from cds_service.picture.tried_lanes import tried_lanes

MOST_INJECTIONS_TOLD = 4  # in words; all are drawn
MOST_STUDIES_TOLD = 2


def lanes_of(timeline: Timeline, axis: Axis) -> tuple[Lane, ...]:
    """The lanes from top to bottom; kinds of which nothing is on record have none."""
    return (
        *(_problem(timeline.problem, axis) if timeline.problem else ()),
        *(_flag(flag, axis) for flag in timeline.flags),
        *tried_lanes(timeline, axis),
        *_studies(timeline, axis),
        *_injections(timeline, axis),
        *_operations(timeline, axis),
        *(
            Lane(name=panel.name, notes=panel.notes, panel=panel)
            for panel in panels_of(timeline.curves, axis)
        ),
    )


def _problem(problem: ProblemBar, axis: Axis) -> Iterator[Lane]:
    since = f"since {problem.onset.isoformat()}" if problem.onset else "no date on record"
    notes = [f"{problem.length}, {since}"]
    named = [name for name in problem.charted if name.casefold() != problem.name]
    if named:
        names = "; ".join(named)
        notes.append(f"{names} and {problem.more} more" if problem.more else names)
    if problem.onset is None:
        dots: tuple[Dot, ...] = (Dot(on=axis.today, role=Role.PROBLEM, hollow=True),)
        yield Lane(name=sentence(problem.name), notes=tuple(notes), dots=dots)
        return
    bar = bar_of(problem.onset, axis.today, axis, Role.PROBLEM)
    yield Lane(
        name=sentence(problem.name),
        notes=tuple(notes),
        bars=(bar,),
        dots=(*cut_off(problem.onset, axis, Role.PROBLEM), runs_on(axis, Role.PROBLEM)),
    )


def _flag(flag: FlagMark, axis: Axis) -> Lane:
    since = f"since {flag.on.isoformat()}" if flag.on else "no date on record"
    day = axis.today if flag.on is None else flag.on
    dot = Dot(on=axis.within(day), role=Role.FLAG, shape="diamond", hollow=flag.on is None)
    return Lane(
        name=sentence(flag.name),
        notes=(f"{flag.level.lower()}, {since}",),
        bars=(bar_of(day, axis.today, axis, Role.FLAG, thin=True),),
        dots=(*cut_off(day, axis, Role.FLAG), dot),
    )


def _studies(timeline: Timeline, axis: Axis) -> Iterator[Lane]:
    """One lane a modality."""
    for name in dict.fromkeys(study.name for study in timeline.studies):
        studies = [study for study in timeline.studies if study.name == name]
        notes = [
            (study.on.isoformat() if study.on else "no date")
            + (", counts for an injection" if study.counts else "")
            for study in reversed(studies)
        ]
        dots = [
            Dot(on=study.on, role=Role.STUDY, shape="square", hollow=not study.counts)
            for study in studies
            if study.on is not None and axis.shows(study.on)
        ]
        yield Lane(name=sentence(name), notes=some_of(notes, MOST_STUDIES_TOLD), dots=tuple(dots))


def _injections(timeline: Timeline, axis: Axis) -> Iterator[Lane]:
    if not timeline.injections and not timeline.undated_injection:
        return
    window = timeline.next_injection
    before = len(timeline.injections) - MOST_INJECTIONS_TOLD
    notes = [f"{before} earlier"] if before > 0 else []
    notes += [_response(mark) for mark in timeline.injections[-MOST_INJECTIONS_TOLD:]]
    if timeline.undated_injection:
        notes.append("one without a date")
    notes += timeline.series.split("; ") if timeline.series else []
    if window is not None and window.start is not None:
        notes.append(f"next, if needed: {window.start.isoformat()} to {window.last.isoformat()}")
    dots = [
        Dot(
            on=mark.on,
            role=Role.INJECTION,
            shape="triangle-down",
            hollow=mark.number is None,
            label=str(mark.number or ""),
        )
        for mark in timeline.injections
        if axis.shows(mark.on)
    ]
    yield Lane(name="Epidural steroid injections", notes=tuple(notes), dots=tuple(dots), window=window)


def _response(mark: InjectionMark) -> str:
    percent = f" ({number(mark.percent)} %)" if mark.percent is not None else ""
    place = f"{mark.number}: " if mark.number else "earlier: "
    return f"{place}{mark.on.isoformat()}, {mark.response}{percent}"


def _operations(timeline: Timeline, axis: Axis) -> Iterator[Lane]:
    for name in dict.fromkeys(mark.name for mark in timeline.operations):
        days = [mark.on for mark in timeline.operations if mark.name == name]
        notes = [day.isoformat() if day else "no date" for day in reversed(days)]
        dots = [
            Dot(on=day, role=Role.SURGERY, shape="cross")
            for day in days
            if day is not None and axis.shows(day)
        ]
        yield Lane(name=sentence(name), notes=some_of(notes, MOST_STUDIES_TOLD), dots=tuple(dots))
