"""Checks of the way so far: problem, duration, trials, injections, imaging, scores."""

from collections.abc import Callable
from itertools import chain

from pathway.advice import ChartText, Value
from pathway.checks import MET, NOT_MET, UNKNOWN, Ask, Check, Finding, absent, plain
from pathway.days import days_after
from pathway.facts import Instrument, ScoreFact
from pathway.numbers import Number
from pathway.picture import Picture
from pathway.scores import FUNCTION_INSTRUMENTS, PAIN_INSTRUMENTS
from pathway.state import DurationClass, DurationSource, ResponseKind, Trial, TrialOutcome
from pathway.trials import NON_DRUG_MODALITIES, REHABILITATION
from pathway.verdict import Verdict, all_of, any_of

DRUG_TRIALS = ("nsaid", "muscle-relaxant", "duloxetine")
# Active conditions that are a labelled reason for a gabapentinoid (R52), by ICD-10-CM prefix.
LABELLED_GABAPENTINOID = "gabapentinoid-labelled"


def _problem(picture: Picture, of: tuple[str, ...]) -> Finding:
    return plain(picture.problem.problem in of)


def _duration(picture: Picture, of: tuple[str, ...]) -> Finding:
    length = picture.duration.length
    if length is DurationClass.UNKNOWN and "unknown" not in of:
        return UNKNOWN
    return plain(length in of)


def _persisting(picture: Picture, _: tuple[str, ...]) -> Finding:
    days = picture.duration.days
    return plain(None if days is None else days >= picture.numbers.whole(Number.PERSISTING_DAYS))


def _persisting_or_unknown(picture: Picture, of: tuple[str, ...]) -> Finding:
    return plain(_persisting(picture, of).verdict is not Verdict.NOT_MET)


def _recorded_only(picture: Picture, _: tuple[str, ...]) -> Finding:
    return plain(picture.duration.source in (DurationSource.RECORDED, DurationSource.ENCOUNTER))


def _flag(picture: Picture, of: tuple[str, ...]) -> Finding:
    found = [flag for flag in picture.red_flags.flags if flag.id in of]
    sources = tuple(c.source for flag in found for c in flag.conditions)
    return Finding(verdict=Verdict.of(bool(found)), sources=sources)


def _untried(*modalities: str) -> Ask:
    """None of these running, none adequately done in the last 365 days (R32)."""

    def ask(picture: Picture, _: tuple[str, ...]) -> Finding:
        done = any(t.ongoing or t.adequate for t in picture.trials_by(modalities))
        return plain(not done)

    return ask


def has_failed(trial: Trial) -> bool:
    """An adequate trial that failed, or one that was not tolerated, however short (a.5)."""
    return trial.failed and (trial.adequate or trial.outcome is TrialOutcome.NOT_TOLERATED)


def _failed_or_excluded(modality: str) -> Ask:
    """Tried and failed, or spoken against by a patient factor."""

    def ask(picture: Picture, _: tuple[str, ...]) -> Finding:
        failed = [t for t in picture.trials_by((modality,)) if has_failed(t)]
        excluded = picture.contraindications(modality)
        sources = (
            *(s for t in failed for s in t.sources),
            *chain.from_iterable(finding.sources for _, finding in excluded),
        )
        if failed or excluded:
            return Finding(verdict=Verdict.MET, sources=sources)
        return absent(picture, "MedicationRequest")

    return ask


def _second_drug(picture: Picture, of: tuple[str, ...]) -> Finding:
    """The drug after the NSAID: a muscle relaxant while acute or subacute, duloxetine when chronic."""
    match picture.duration.length:
        case DurationClass.UNKNOWN:
            return UNKNOWN
        case DurationClass.CHRONIC:
            return _failed_or_excluded("duloxetine")(picture, of)
        case _:
            return _failed_or_excluded("muscle-relaxant")(picture, of)


def _trial_running(picture: Picture, _: tuple[str, ...]) -> Finding:
    running = [t for t in picture.trials if t.ongoing and not t.adequate]
    return Finding(verdict=Verdict.of(bool(running)), sources=tuple(s for t in running for s in t.sources))


def _response(*kinds: ResponseKind) -> Ask:
    """How pain answered the last injection; without one nothing is claimed."""

    def ask(picture: Picture, _: tuple[str, ...]) -> Finding:
        last = picture.series.last
        if last is None:
            return NOT_MET
        return Finding(verdict=Verdict.of(last.response.kind in kinds), sources=last.sources)

    return ask


def _late(picture: Picture, _: tuple[str, ...]) -> Finding:
    since = picture.series.days_since
    return plain(since is not None and since > picture.numbers.whole(Number.ESI_USUAL_GAP_DAYS))


def _imaging(picture: Picture, _: tuple[str, ...]) -> Finding:
    study = picture.qualifying_imaging
    return NOT_MET if study is None else Finding(verdict=Verdict.MET, sources=(study.source,))


def _no_imaging(picture: Picture, _: tuple[str, ...]) -> Finding:
    return plain(picture.qualifying_imaging is None)


def _cap_only(picture: Picture, _: tuple[str, ...]) -> Finding:
    series, numbers = picture.series, picture.numbers
    return plain(
        series.n < numbers.whole(Number.ESI_SERIES_SIZE)
        and len(series.rolling_year) >= numbers.whole(Number.ESI_ROLLING_CAP)
    )


def _scored(score: ScoreFact | None, name: str, minimum: Callable[[], bool]) -> Finding:
    if score is None:
        return UNKNOWN
    values: dict[str, Value] = {name: score.shown, f"{name}_date": score.on}
    return Finding(verdict=Verdict.of(minimum()), values=values, sources=(score.source,))


def _severe(picture: Picture, _: tuple[str, ...]) -> Finding:
    pain = picture.pain
    return _scored(
        pain, "pain", lambda: pain is not None and pain.value >= picture.numbers[Number.PAIN_SEVERE]
    )


def _disability(picture: Picture) -> Finding:
    recent = days_after(picture.as_of, -picture.numbers.whole(Number.SCORE_RECENT_DAYS))
    odi = picture.scores.latest((Instrument.ODI,), recent, picture.as_of)
    return _scored(odi, "odi", lambda: odi is not None and odi.value >= picture.numbers[Number.ODI_DISABLING])


def _disabling(picture: Picture, of: tuple[str, ...]) -> Finding:
    """Chronic, and ODI of 40 % or severe pain (b.2.5)."""
    chronic = _duration(picture, ("chronic",))
    disability, pain = _disability(picture), _severe(picture, of)
    verdict = all_of((chronic.verdict, any_of((disability.verdict, pain.verdict))))
    return Finding(
        verdict=verdict,
        values={**disability.values, **pain.values},
        sources=(*disability.sources, *pain.sources),
    )


def _axial_not_disabling(picture: Picture, of: tuple[str, ...]) -> Finding:
    """Filter b.2.5 applies to axial pain only (R65); every other problem passes."""
    return MET if picture.problem.problem != "axial" else _disabling(picture, of)


def _scores_due(picture: Picture, _: tuple[str, ...]) -> Finding:
    """No score within 30 days, or an injection whose response nobody recorded (R27)."""
    first = days_after(picture.as_of, -picture.numbers.whole(Number.SCORE_CURRENT_DAYS))
    wanted = PAIN_INSTRUMENTS | FUNCTION_INSTRUMENTS
    if not picture.scores.any_within(wanted, first, picture.as_of):
        return MET
    return plain(_response_pending(picture))


def _response_pending(picture: Picture) -> bool:
    series = picture.series
    return (
        picture.esi_indication
        and series.n >= 1
        and series.last is not None
        and series.last.response.kind is ResponseKind.UNKNOWN
        and picture.pain_after_injection is None
    )


def _unlabelled(picture: Picture, _: tuple[str, ...]) -> Finding:
    """A gabapentinoid is active and no labelled reason for it is coded (b, R52)."""
    drugs = picture.active_drugs.get("gabapentinoid", [])
    if not drugs:
        return absent(picture, "MedicationRequest")
    labelled = picture.active((LABELLED_GABAPENTINOID,)) or picture.problem.problem == "sci-neuropathic"
    sources = tuple(d.source for d in drugs)
    names = tuple(dict.fromkeys(ChartText(text=s.text) for s in sources if s.text))
    values: dict[str, Value] = {"drug_name": names} if names else {}
    return Finding(verdict=Verdict.of(not labelled), values=values, sources=sources)


_ODI_PAIN = ("odi", "odi_date", "pain", "pain_date")
PATHWAY_CHECKS = (
    Check(name="problem", ask=_problem, takes="problems"),
    Check(name="duration", ask=_duration, takes="durations"),
    Check(name="duration-28-days", ask=_persisting),
    Check(name="duration-28-days-or-unknown", ask=_persisting_or_unknown),
    Check(name="onset-recorded-only", ask=_recorded_only),
    Check(name="esi-indication", ask=lambda picture, _: plain(picture.esi_indication)),
    Check(name="flag", ask=_flag, takes="red flags"),
    Check(name="no-non-drug-trial", ask=_untried(*NON_DRUG_MODALITIES, REHABILITATION)),
    Check(name="no-drug-trial", ask=_untried(*DRUG_TRIALS)),
    Check(name="trial-running", ask=_trial_running),
    Check(name="nsaid-failed-or-excluded", ask=_failed_or_excluded("nsaid")),
    Check(name="second-drug-failed-or-excluded", ask=_second_drug),
    Check(name="response-unknown", ask=_response(ResponseKind.UNKNOWN)),
    Check(name="response-none", ask=_response(ResponseKind.NONE)),
    Check(name="response-helped", ask=_response(ResponseKind.PARTIAL, ResponseKind.SUBSTANTIAL)),
    Check(name="injection-late", ask=_late),
    Check(
        name="injection-late-or-no-response",
        ask=lambda picture, of: plain(
            Verdict.MET in (_late(picture, of).verdict, _response(ResponseKind.NONE)(picture, of).verdict)
        ),
    ),
    Check(name="first-session", ask=lambda picture, _: plain(picture.series.n == 1)),
    Check(name="no-open-series", ask=lambda picture, _: plain(picture.series.n == 0)),
    Check(name="qualifying-imaging", ask=_imaging),
    Check(name="no-qualifying-imaging", ask=_no_imaging),
    Check(name="cap-only", ask=_cap_only),
    Check(name="pain-severe", ask=_severe, values=("pain", "pain_date")),
    Check(name="disabling", ask=_disabling, values=_ODI_PAIN),
    Check(name="not-axial-or-disabling", ask=_axial_not_disabling, values=_ODI_PAIN),
    Check(name="scores-due", ask=_scores_due),
    Check(name="gabapentinoid-unlabelled", ask=_unlabelled, values=("drug_name",)),
)
