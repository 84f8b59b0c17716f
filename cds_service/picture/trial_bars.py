"""Trials as bars: what each is called, whether it was adequate, and what that is measured by."""

from collections.abc import Mapping, Sequence
from datetime import date

from cards import wording
from cds_service.picture.names import counted, drug_name, name_of, number, scores_in_words
from cds_service.picture.timeline import Span, TrialBar, TrialVerdict
from pathway.drug_trials import DRUG_MODALITIES
from pathway.facts import DrugFact, Source
from pathway.numbers import Number, Numbers
from pathway.state import Trial, TrialOutcome
from pathway.therapy_trials import THERAPY_RULES

_CLASSES = {modality: drug_class for drug_class, modality in DRUG_MODALITIES.items()}


def trial_bars(
    trials: Sequence[Trial], drugs: Sequence[DrugFact], numbers: Numbers, as_of: date
) -> tuple[TrialBar, ...]:
    """One bar a trial, the latest first."""
    ordered: dict[Source, list[DrugFact]] = {}
    for drug in drugs:
        ordered.setdefault(drug.source, []).append(drug)
    latest_first = sorted(trials, key=lambda t: (t.last, t.start or date.min, t.modality), reverse=True)
    return tuple(_bar(trial, ordered, numbers, as_of) for trial in latest_first)


def _bar(trial: Trial, ordered: Mapping[Source, list[DrugFact]], numbers: Numbers, as_of: date) -> TrialBar:
    verdict = _verdict(trial)
    waits = verdict is TrialVerdict.ONGOING and trial.adequate_on is not None and trial.adequate_on > as_of
    return TrialBar(
        name=_name(trial, ordered),
        span=Span(start=trial.start, last=trial.last),
        ongoing=trial.ongoing,
        verdict=verdict,
        why=_why(trial, numbers),
        enough_on=trial.adequate_on if waits else None,
        outcome=_outcome(trial, verdict),
        scores=scores_in_words(trial.baseline, trial.follow_up),
    )


def _verdict(trial: Trial) -> TrialVerdict:
    if trial.outcome is TrialOutcome.NOT_TOLERATED:
        return TrialVerdict.NOT_TOLERATED
    if trial.adequate:
        return TrialVerdict.ADEQUATE
    return TrialVerdict.ONGOING if trial.ongoing else TrialVerdict.NOT_ADEQUATE


def _outcome(trial: Trial, verdict: TrialVerdict) -> str | None:
    """The outcome in words, unless the verdict says it already."""
    if trial.outcome is None or verdict is TrialVerdict.NOT_TOLERATED:
        return None
    return wording.OUTCOMES[trial.outcome]


def _name(trial: Trial, ordered: Mapping[Source, list[DrugFact]]) -> str:
    drug_class = _CLASSES.get(trial.modality)
    if drug_class is None:
        return name_of(trial.modality)
    ingredients = {
        substance.ingredient
        for source in trial.sources
        for drug in ordered.get(source, ())
        for substance in drug.substances
        if substance.drug_class == drug_class
    }
    return drug_name(ingredients, trial.modality)


def _why(trial: Trial, numbers: Numbers) -> str:
    """What counted beside what is asked for by the numbers in force; where that is reached, only this."""
    if trial.start is None:
        return "start not recorded"
    counts = _counts(trial, numbers)
    enough = [(found, asked, unit) for found, asked, unit in counts if found >= asked]
    reached = [f"{counted(found, unit)} ({asked} asked for)" for found, asked, unit in enough]
    if trial.adequate:
        words = reached[0] if reached else "programme completed"
    else:
        words = " or ".join(f"{found} of {counted(asked, unit)}" for found, asked, unit in counts)
        words += _at_target(trial, numbers)
    return f"{words}, dose not known" if trial.dose_unknown else words


def _counts(trial: Trial, numbers: Numbers) -> list[tuple[int, int, str]]:
    """What may make a trial adequate: found, asked for, of what."""
    rule = THERAPY_RULES.get(trial.modality)
    if rule is None:
        return [(trial.days, numbers.whole(Number(f"{trial.modality}-days")), "day")]
    counts = [(trial.days, numbers.whole(rule.days), "day")] if rule.by_days else []
    if rule.sessions is not None:
        counts.append((trial.sessions, numbers.whole(rule.sessions), "session"))
    return counts


def _at_target(trial: Trial, numbers: Numbers) -> str:
    """What is asked of the dose, where it may be what is short."""
    if trial.modality == "duloxetine":
        target = counted(numbers.whole(Number.DULOXETINE_TARGET_DAYS), "day")
        return f", {target} of them at {number(numbers[Number.DULOXETINE_TARGET_DOSE])} mg"
    covered = 0 if trial.start is None else (trial.last - trial.start).days
    return " at an analgesic dose" if trial.modality == "nsaid" and covered > trial.days else ""
