"""Facts in a few words, relative to one fixed day."""

from datetime import date, timedelta
from decimal import Decimal

from pathway.facts import (
    ConditionFact,
    DrugFact,
    Facts,
    InjectionFact,
    Instrument,
    Outcome,
    PatientFact,
    ScoreFact,
    Source,
    StopReason,
    Substance,
    TherapyFact,
)
from pathway.loading import PACKAGED
from pathway.numbers import Numbers
from pathway.rules import Threshold
from pathway.yaml_files import read

TODAY = date(2026, 11, 22)
NUMBERS = Numbers(
    {name: t.on(TODAY) for name, t in read(PACKAGED / "thresholds.yaml", dict[str, Threshold]).items()}
)


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def on(offset: int | None) -> date | None:
    return None if offset is None else day(offset)


def source(kind: str = "Procedure", name: str = "x") -> Source:
    return Source(resource_type=kind, resource_id=name)


def condition(  # one line a condition keeps the tables readable
    concept: str,
    *,
    role: str = "problem",
    code: str = "",
    onset: int | None = None,
    recorded: int | None = None,
    active: bool = True,
    differential: bool = False,
) -> ConditionFact:
    return ConditionFact(
        concept=concept,
        role=role,
        code=code or concept,
        active=active,
        differential=differential,
        onset=on(onset),
        recorded=on(recorded),
        source=source("Condition", concept),
    )


def drug(
    drug_class: str,
    ingredient: str,
    *,
    daily: str | None = None,
    start: int | None = None,
    stop: int | None = None,
    supply: int | None = None,
    status: str = "active",
    reason: StopReason | None = None,
    systemic: bool = True,
) -> DrugFact:
    dose = None if daily is None else Decimal(daily)
    return DrugFact(
        substances=(Substance(drug_class=drug_class, ingredient=ingredient, daily_dose=dose),),
        status=status,
        start=on(start),
        stop=on(stop),
        supply_days=None if supply is None else Decimal(supply),
        stop_reason=reason,
        systemic=systemic,
        source=source("MedicationRequest", ingredient),
    )


def therapy(
    modality: str,
    first: int | None,
    last: int | None = None,
    *,
    status: str = "completed",
    outcome: Outcome | None = None,
    reason: StopReason | None = None,
) -> TherapyFact:
    return TherapyFact(
        modality=modality,
        status=status,
        first=on(first),
        last=on(first if last is None else last),
        outcome=outcome,
        stop_reason=reason,
        source=source("Procedure", modality),
    )


def injection(offset: int | None, code: str = "62323", outcome: Outcome | None = None) -> InjectionFact:
    return InjectionFact(
        on=on(offset),
        code=code,
        add_on=code == "64484",
        lumbar_if_problem=code in ("62326", "62327", "3E0S33Z", "3E0R33Z"),
        outcome=outcome,
        source=source(),
    )


def score(value: str, offset: int, instrument: Instrument = Instrument.NRS) -> ScoreFact:
    return ScoreFact(
        instrument=instrument, value=Decimal(value), on=day(offset), source=source("Observation")
    )


def facts(*found: object, **more: object) -> Facts:
    """Facts holding the given pieces, each in its place."""
    places: dict[type, str] = {
        ConditionFact: "conditions",
        DrugFact: "drugs",
        TherapyFact: "therapies",
        InjectionFact: "injections",
        ScoreFact: "scores",
    }
    sorted_out: dict[str, tuple[object, ...]] = {}
    for piece in found:
        place = places[type(piece)]
        sorted_out[place] = (*sorted_out.get(place, ()), piece)
    patient = PatientFact(id="p", birth_date=date(1981, 3, 1))
    return Facts(as_of=TODAY, patient=patient, **{**sorted_out, **more})  # type: ignore[arg-type]
