"""The time line in one sentence: what the picture says to those who do not see it."""

from collections.abc import Iterator

from cds_service.picture.names import counted, number
from cds_service.picture.timeline import Timeline, TrialVerdict


def summary_of(timeline: Timeline) -> str:
    """One sentence of our own words: no name that the chart gives."""
    return f"{'; '.join(_parts(timeline))}."


def _parts(timeline: Timeline) -> Iterator[str]:
    problem = timeline.problem
    if problem is None:
        yield "No low back problem on record"
    else:
        since = f" since {problem.onset.isoformat()}" if problem.onset else ""
        name = problem.name[:1].upper() + problem.name[1:]
        yield f"{name}, {problem.length}{since}"
    yield from (f"{flag.level.lower()}: {flag.name}" for flag in timeline.flags)
    if timeline.trials:
        adequate = sum(trial.verdict is TrialVerdict.ADEQUATE for trial in timeline.trials)
        yield f"{counted(len(timeline.trials), 'trial')}, {adequate} adequate"
    yield from _injections(timeline)
    dated = [mark for mark in timeline.operations if mark.on is not None]
    if dated:
        yield f"{dated[-1].name} on {dated[-1].on}"
    yield from _scores(timeline)


def _injections(timeline: Timeline) -> Iterator[str]:
    if timeline.injections:
        last = timeline.injections[-1].on.isoformat()
        yield f"{counted(len(timeline.injections), 'epidural injection')}, the last on {last}"
    window = timeline.next_injection
    if window is not None:
        yield f"the next, if one is needed, from {window.start} to {window.last}"


def _scores(timeline: Timeline) -> Iterator[str]:
    pain = [(curve.points[-1], curve) for curve in timeline.curves if curve.panel == "pain"]
    if pain:
        point, curve = max(pain, key=lambda found: found[0].on)
        yield f"pain {number(point.shown)}{curve.suffix} on {point.on.isoformat()}"
