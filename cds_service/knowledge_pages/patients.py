"""The patient of a golden case as a sentence that a clinician can check."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from cds_service.knowledge_pages.days import between, listed, span, when
from cds_service.knowledge_pages.names import concept_words, instrument_words, titled
from pathway.drafts import DraftReason
from pathway.facts import Outcome, StopReason
from pathway.golden import (
    Given,
    GivenCare,
    GivenCondition,
    GivenDraft,
    GivenDrug,
    GivenInjection,
    GivenScore,
    GivenTherapy,
)
from pathway.number_words import figure

USUAL_INJECTION = "62323"
_DOSED = ("naproxen", "duloxetine")  # a trial of these asks for a dose
_AN = ("8", "11", "18")  # numbers that begin with a vowel when they are spoken
_OUTCOMES: Mapping[Outcome, str] = {
    Outcome.SUCCESSFUL: "with success",
    Outcome.PARTIAL: "with partial success",
    Outcome.UNSUCCESSFUL: "without success",
}
_STOPPED: Mapping[StopReason, str] = {
    StopReason.INEFFECTIVE: "stopped as ineffective",
    StopReason.NOT_TOLERATED: "stopped as not tolerated",
}
_REASONS: Mapping[DraftReason, str] = {
    DraftReason.LUMBAR: "for the back",
    DraftReason.OTHER: "for something else",
}
_RESOURCES: Mapping[str, str] = {
    "AllergyIntolerance": "Allergies",
    "Condition": "Conditions",
    "MedicationRequest": "Medications",
    "Procedure": "Procedures",
}


def sentences(given: Given) -> str:
    """The whole patient: "A 45-year-old with low back pain for 8 weeks. Takes naproxen …"."""
    parts = [_person(given), *map(titled, _history(given)), *_orders(given)]
    return " ".join(f"{part}." for part in parts)


def _person(given: Given) -> str:
    if given.age is None:
        who = "An adult without a birth date on record"
    else:
        article = "An" if str(given.age).startswith(_AN) and given.age not in range(110, 118) else "A"
        who = f"{article} {given.age}-year-old"
    if given.deceased:
        who += ", deceased,"
    conditions = [_condition(item) for item in given.conditions]
    return f"{who} with {listed(conditions)}" if conditions else f"{who} without a condition on record"


def _condition(given: GivenCondition) -> str:
    words = concept_words(given.concept)
    notes = [f"code {given.code}"] if given.code else []
    if given.gestation_weeks is not None:
        notes.append(f"week {given.gestation_weeks}")
    if not given.active:
        notes.append("resolved")
    if given.differential:
        notes.append("a differential diagnosis")
    if given.onset is None and given.recorded is None:
        notes.append("no date")
    said = f"{words} ({', '.join(notes)})" if notes else words
    if given.onset is not None:
        said += " since today" if given.onset == 0 else f" for {span(-given.onset)}"
    if given.recorded is not None:
        said += f", recorded {when(given.recorded)}"
    return said


def _history(given: Given) -> Iterator[str]:
    yield from map(_drug, given.drugs)
    yield from map(_therapy, given.therapies)
    yield from _injections(given.injections)
    yield from (f"{concept_words(i.modality)} {_on(i.on)}" for i in given.imaging)
    yield from (f"{concept_words(o.concept)} {_on(o.on)}" for o in given.operations)
    for _, scores in groupby(given.scores, key=lambda score: score.instrument):
        yield _scores(list(scores))
    for allergy in given.allergies:
        ingredient = f" ({allergy.ingredient})" if allergy.ingredient else ""
        yield f"allergy or intolerance: {concept_words(allergy.drug_class)}{ingredient}"
    yield from (f"open order of {_on(o.authored)}: {concept_words(o.concept)}" for o in given.open_orders)
    yield from map(_care, given.care)
    yield from (f"{_RESOURCES.get(name, name)} were not provided" for name in given.not_provided)


def _on(day: int | None) -> str:
    return "without a date" if day is None else when(day)


def _drug(given: GivenDrug) -> str:
    active = given.status == "active"
    words = f"{'takes' if active else 'took'} {_product(given.ingredient, given)}"
    if given.daily is not None:
        words += f" {figure(given.daily)} mg a day"
    words += f", {_dates(given)}"
    notes = [f"supply of {span(given.supply_days)}"] if given.supply_days is not None else []
    if given.stop_reason is not None:
        notes.append(_STOPPED[given.stop_reason])
    elif given.status not in ("active", "completed"):
        notes.append(given.status)
    if given.daily is None and given.ingredient in _DOSED:
        notes.append("dose unknown")
    return f"{words} ({', '.join(notes)})" if notes else words


def _dates(given: GivenDrug) -> str:
    if given.stop is not None:
        return between(given.start, given.stop)
    return "start not recorded" if given.start is None else f"started {when(given.start)}"


def _product(ingredient: str, given: GivenDrug | GivenDraft) -> str:
    release = "long-acting " if given.long_acting else ""
    return f"{release}{ingredient}{'' if given.systemic else ' (not systemic)'}"


def _therapy(given: GivenTherapy) -> str:
    words = concept_words(given.modality)
    if given.sessions:
        days = sorted(given.sessions)
        number = f"{len(days)} session{'s' if len(days) > 1 else ''} of {words}"
        words = f"{number}, {between(days[0], days[-1])}"
    else:
        words = f"{words} {between(given.first, given.last)}"
    notes = [given.status] if given.status != "completed" else []
    notes += [_OUTCOMES[given.outcome]] if given.outcome is not None else []
    notes += [_STOPPED[given.stop_reason]] if given.stop_reason is not None else []
    return f"{words} ({', '.join(notes)})" if notes else words


def _injections(given: tuple[GivenInjection, ...]) -> Iterator[str]:
    days = [when(i.on) for i in given if i.on is not None and i.outcome is None and i.code == USUAL_INJECTION]
    if len(days) == len(given) > 1:
        yield f"epidural injections {listed(days)}"
    else:
        yield from map(_injection, given)


def _injection(given: GivenInjection) -> str:
    words = f"epidural injection {_on(given.on)}"
    notes = [f"code {given.code}"] if given.code != USUAL_INJECTION else []
    notes += [_OUTCOMES[given.outcome]] if given.outcome is not None else []
    return f"{words} ({', '.join(notes)})" if notes else words


def _scores(scores: list[GivenScore]) -> str:
    name, after = instrument_words(scores[0].instrument)
    values = [f"{figure(score.value)}{after} ({when(score.on)})" for score in scores]
    return f"{name} {listed(values)}"


def _care(given: GivenCare) -> str:
    kind = {"procedure": "care given", "order": "ordered", "encounter": "stay"}[given.kind]
    words = f"{concept_words(given.concept)}, {kind}"
    return f"{words}, in progress" if given.in_progress else f"{words} {_on(given.last)}"


def _orders(given: Given) -> Iterator[str]:
    drafts = [_draft(draft) for draft in given.drafts]
    if drafts:
        yield f"Drafted: {'; '.join(drafts)}"


def _draft(given: GivenDraft) -> str:
    if given.ingredient is None:
        words = concept_words(given.concept or "an order")
        words += f" (code {given.code})" if given.code and given.code != USUAL_INJECTION else ""
    else:
        words = _product(given.ingredient, given)
        unit = "µg an hour" if given.ingredient == "fentanyl" else "mg a day"
        words += f" {figure(given.daily)} {unit}" if given.daily is not None else ", dose unknown"
        words += f" in {given.times} doses" if given.times > 1 else ""
        words += f" for {span(given.supply_days)}" if given.supply_days is not None else ""
    words += f", to be done {when(given.on)}" if given.on else ""
    words += f", {_REASONS[given.reason]}" if given.reason in _REASONS else ""
    return words if given.selected else f"{words}, not selected"
