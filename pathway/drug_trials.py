"""Courses of drugs that have an adequacy rule, and when each is adequate (a.5, R12, R13, R31)."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from pathway.courses import Course, covered_days, joined
from pathway.days import days_after
from pathway.facts import DrugFact, Fact
from pathway.numbers import Number, Numbers

# class of medications-*.csv: modality of a.5; other drugs are exposures and never a trial
DRUG_MODALITIES = {
    "nsaid": "nsaid",
    "muscle-relaxant": "muscle-relaxant",
    "snri-duloxetine": "duloxetine",
}

# An order on hold, or of unknown status, shows nothing taken (a.5).
TAKEN = frozenset({"active", "completed", "stopped"})


class _Order(Fact, frozen=True, kw_only=True):
    """The days that one order covers, up to the evaluation day."""

    first: date
    last: date
    ongoing: bool
    fact: DrugFact


def order_end(drug: DrugFact, as_of: date) -> date | None:
    """The last day of an order: stop date, else start + supply, else today if active, else start.

    None when nothing tells: an order without dates that is not active.
    """
    if drug.stop is not None:
        return drug.stop
    if drug.start is not None and drug.supply_days is not None:
        return days_after(drug.start, int(drug.supply_days))
    return as_of if drug.status == "active" else drug.start


def is_active(drug: DrugFact, as_of: date) -> bool:
    """Whether an order counts as active for guards and patient factors: by status alone (R12).

    A dispense has no such status; it counts while its supply lasts.
    """
    if drug.source.resource_type == "MedicationDispense":
        end = order_end(drug, as_of)
        return drug.status in ("active", "completed") and end is not None and end >= as_of
    return drug.status == "active"


def drug_courses(drugs: Iterable[DrugFact], as_of: date, numbers: Numbers) -> list[Course]:
    """The courses of NSAIDs, muscle relaxants and duloxetine; topical forms are none (R72)."""
    by_modality: dict[str, list[DrugFact]] = {modality: [] for modality in DRUG_MODALITIES.values()}
    for drug in drugs:
        if drug.systemic and drug.status in TAKEN:
            for drug_class in {s.drug_class for s in drug.substances} & DRUG_MODALITIES.keys():
                by_modality[DRUG_MODALITIES[drug_class]].append(drug)
    return [
        course
        for modality, found in by_modality.items()
        if found
        for course in _courses(modality, found, as_of, numbers)
    ]


def _courses(modality: str, drugs: list[DrugFact], as_of: date, numbers: Numbers) -> list[Course]:
    orders = [order for drug in drugs for order in _order(drug, as_of)]
    groups = joined(orders, numbers.whole(Number.TRIAL_GAP_DAYS))
    courses = [_course(modality, group, numbers) for group in groups]
    undated = [d for d in drugs if d.start is None and _runs(d, order_end(d, as_of), as_of)]
    if undated and not any(course.ongoing for course in courses):
        sources = tuple(d.source for d in undated)
        courses.append(Course(modality=modality, start=None, last=as_of, ongoing=True, sources=sources))
    return courses + _undated_stops(modality, drugs)


def _undated_stops(modality: str, drugs: list[DrugFact]) -> list[Course]:
    """Stopped for a coded reason, with a stop date but no start: tried, of unknown length."""
    return [
        Course(modality=modality, start=None, last=d.stop, stop_reason=d.stop_reason, sources=(d.source,))
        for d in drugs
        if d.start is None and d.status != "active" and d.stop is not None and d.stop_reason is not None
    ]


def _runs(drug: DrugFact, end: date | None, as_of: date) -> bool:
    return end is not None and end >= as_of and is_active(drug, as_of)


def _order(drug: DrugFact, as_of: date) -> list[_Order]:
    end = order_end(drug, as_of)
    if drug.start is None or end is None:
        return []
    last = max(drug.start, min(end, as_of))
    return [_Order(first=drug.start, last=last, ongoing=_runs(drug, end, as_of), fact=drug)]


def _course(modality: str, orders: list[_Order], numbers: Numbers) -> Course:
    days, enough, dose_unknown = _judged(modality, orders, numbers)
    stops = [o for o in orders if o.fact.stop_reason is not None]
    return Course(
        modality=modality,
        start=orders[0].first,
        last=max(o.last for o in orders),
        days=days,
        ongoing=any(o.ongoing for o in orders),
        adequate=enough,
        dose_unknown=dose_unknown,
        stop_reason=max(stops, key=lambda o: o.last).fact.stop_reason if stops else None,
        sources=tuple(o.fact.source for o in orders),
    )


def _judged(modality: str, orders: list[_Order], numbers: Numbers) -> tuple[int, bool, bool]:
    """Covered days that count, whether they suffice, and whether a dose had to be assumed."""
    match modality:
        case "nsaid":
            doses = [_is_analgesic(o.fact, numbers) for o in orders]
            days = covered_days([o for o, dose in zip(orders, doses, strict=True) if dose is not False])
            return days, days >= numbers.whole(Number.NSAID_DAYS), None in doses
        case "duloxetine":
            days = covered_days(orders)
            at_target = [_is_target(o.fact, numbers) for o in orders]
            target_days = covered_days(
                [o for o, target in zip(orders, at_target, strict=True) if target is not False]
            )
            enough = days >= numbers.whole(Number.DULOXETINE_DAYS)
            enough_at_target = target_days >= numbers.whole(Number.DULOXETINE_TARGET_DAYS)
            return days, enough and enough_at_target, None in at_target
        case _:
            days = covered_days(orders)
            return days, days >= numbers.whole(Number.MUSCLE_RELAXANT_DAYS), False


def _is_analgesic(drug: DrugFact, numbers: Numbers) -> bool | None:
    """Whether the dose relieves pain; None when dose or limit is not known: assumed adequate."""
    verdicts = [
        _reaches(s.daily_dose, numbers.analgesic_dose(s.ingredient))
        for s in drug.substances
        if s.drug_class == "nsaid"
    ]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _is_target(drug: DrugFact, numbers: Numbers) -> bool | None:
    doses = [s.daily_dose for s in drug.substances if s.drug_class == "snri-duloxetine"]
    return _reaches(doses[0], numbers[Number.DULOXETINE_TARGET_DOSE]) if doses else None


def _reaches(dose: Decimal | None, minimum: Decimal | None) -> bool | None:
    return None if dose is None or minimum is None else dose >= minimum
