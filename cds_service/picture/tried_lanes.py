"""Lanes of what was tried: trials, what counts as a trial no more, and other drugs on record."""

from collections.abc import Iterator, Sequence

from cds_service.picture.axis import Axis
from cds_service.picture.lane import Bar, Dot, Lane, bar_of, cut_off, runs_on, sentence
from cds_service.picture.palette import Role
from cds_service.picture.timeline import Exposure, Timeline, TrialBar, TrialVerdict

MOST_TRIALS = 12  # drawn each in a lane; those before them share one
MOST_EXPOSURES = 5

_TRIAL_ROLES = {
    TrialVerdict.ADEQUATE: Role.ADEQUATE,
    TrialVerdict.NOT_ADEQUATE: Role.SHORT,
    TrialVerdict.NOT_TOLERATED: Role.STOPPED,
    TrialVerdict.ONGOING: Role.RUNNING,
}


def tried_lanes(timeline: Timeline, axis: Axis) -> Iterator[Lane]:
    """The trials, the latest first; then the rest."""
    yield from (_trial(trial, axis) for trial in timeline.trials[:MOST_TRIALS])
    yield from _older_trials(timeline.trials[MOST_TRIALS:], axis)
    yield from _exposures("Earlier therapies", timeline.earlier, axis, "earlier, not counted any more")
    yield from _exposures("Other drugs", timeline.drugs, axis, "on record, no trial")


def _trial(trial: TrialBar, axis: Axis) -> Lane:
    role = _TRIAL_ROLES[trial.verdict]
    notes = [f"{trial.verdict}: {trial.why}"]
    if trial.enough_on is not None:
        notes.append(f"enough from {trial.enough_on.isoformat()} on")
    if trial.outcome is not None:
        notes.append(f"{trial.outcome}: {trial.scores}" if trial.scores else trial.outcome)
    return Lane(
        name=sentence(trial.name),
        notes=tuple(notes),
        bars=tuple(_trial_bars(trial, axis, role)),
        dots=tuple(_trial_dots(trial, axis, role)),
    )


def _trial_bars(trial: TrialBar, axis: Axis, role: Role) -> Iterator[Bar]:
    if trial.span.start is None:
        return
    if trial.enough_on is not None:
        yield bar_of(trial.span.last, trial.enough_on, axis, role, hollow=True, dashed=True)
    hollow = trial.verdict in (TrialVerdict.NOT_ADEQUATE, TrialVerdict.NOT_TOLERATED)
    yield bar_of(trial.span.start, trial.span.last, axis, role, hollow=hollow)


def _trial_dots(trial: TrialBar, axis: Axis, role: Role) -> Iterator[Dot]:
    if trial.span.start is None:
        yield Dot(on=axis.within(trial.span.last), role=role, hollow=True)
    else:
        yield from cut_off(trial.span.start, axis, role)
    if trial.verdict is TrialVerdict.NOT_TOLERATED:
        yield Dot(on=axis.within(trial.span.last), role=role, shape="M-1,-1L1,1M-1,1L1,-1", hollow=True)
    elif trial.ongoing:
        yield runs_on(axis, role)


def _older_trials(trials: Sequence[TrialBar], axis: Axis) -> Iterator[Lane]:
    if not trials:
        return
    bars = [
        bar_of(
            trial.span.start or trial.span.last, trial.span.last, axis, _TRIAL_ROLES[trial.verdict], thin=True
        )
        for trial in trials
    ]
    yield Lane(name=f"and {len(trials)} older", notes=("all are in the table",), bars=tuple(bars))


def _exposures(kind: str, exposures: Sequence[Exposure], axis: Axis, word: str) -> Iterator[Lane]:
    shown = [exposure for exposure in exposures if _is_shown(exposure, axis)][:MOST_EXPOSURES]
    for exposure in shown:
        yield Lane(
            name=sentence(exposure.name),
            notes=(_told(exposure, word),),
            bars=tuple(_exposure_bars(exposure, axis)),
            dots=(runs_on(axis, Role.OTHER),) if exposure.ongoing and exposure.spans else (),
        )
    if len(exposures) > len(shown):
        names = ", ".join(exposure.name for exposure in exposures if exposure not in shown)
        more = " more" if shown else ""
        yield Lane(name=f"{kind}: {len(exposures) - len(shown)}{more}", notes=(names,))


def _is_shown(exposure: Exposure, axis: Axis) -> bool:
    return any(axis.shows(span.last) for span in exposure.spans) or exposure.ongoing


def _told(exposure: Exposure, word: str) -> str:
    starts = [span.start for span in exposure.spans if span.start is not None]
    running = "running" if exposure.ongoing else word
    if starts and len(starts) == len(exposure.spans):
        return f"{running}, since {starts[0].isoformat()}" if exposure.ongoing else running
    return f"{running}, start not recorded"


def _exposure_bars(exposure: Exposure, axis: Axis) -> Iterator[Bar]:
    for span in exposure.spans:
        if axis.shows(span.last):
            yield bar_of(span.start or span.last, span.last, axis, Role.OTHER, thin=True)
