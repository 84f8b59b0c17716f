"""What a draft MedicationRequest would have the patient take, and the dose as it is written (R46)."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from fhir_mappings.doses import Dosage, Intake, intake, supply_days
from fhir_mappings.draft_resources import DrugOrder
from fhir_mappings.elements import ABSENT
from fhir_mappings.gaps import DataGapError
from fhir_mappings.medications import Supply, requested, substances_of
from fhir_mappings.products import Product
from fhir_mappings.rhythms import rhythm_of
from pathway.drafts import Rhythm
from pathway.facts import Substance

BOUNDS = "dosageInstruction[0].timing.repeat.boundsPeriod"


class DoseAsOrdered(msgspec.Struct, frozen=True):
    """The dose in the order's own unit; None what it does not say."""

    units: Decimal | None = None  # at one time; None also where another dose would not change the daily one
    unit: str | None = None  # as the client calls it
    daily_units: Decimal | None = None
    rhythm: Rhythm | None = None  # None also where another one would not change the daily dose in proportion


class Amounts(msgspec.Struct, frozen=True):
    """What a draft would have the patient take."""

    substances: tuple[Substance, ...]
    supply_days: Decimal | None
    dose: DoseAsOrdered


def supply_of(order: DrugOrder) -> tuple[Supply, list[str]]:
    """Dose and supply of a draft, and the elements that could not be read.

    Dosage and dispense request are read apart: one of them tells something without the other.
    """
    unread: list[str] = []
    for left_out in ({}, {"dispense_request": ABSENT}, {"dosage_instruction": ABSENT}):
        try:
            return requested(msgspec.structs.replace(order, **left_out) if left_out else order), unread
        except DataGapError as error:
            unread.append(error.element)
    return Supply(), unread


def amounts_of(product: Product, supply: Supply) -> tuple[Amounts, list[str]]:
    """Daily doses, days of supply and the dose as written, and the elements that could not be read.

    What cannot be computed is None: a dose is never guessed.
    """
    unread: list[str] = []
    taken, days = Intake(), None
    try:
        taken = intake(supply.dosages, product)
        days = supply_days(supply.expected, supply.quantity, product, taken)
    except DataGapError as error:
        unread.append(error.element)
    dose = dose_as_ordered(taken)
    if dose.units is not None and not unread:
        dose = msgspec.structs.replace(dose, rhythm=rhythm_of(supply.dosages))
    return Amounts(substances_of(product, taken), days, dose), unread


def dose_as_ordered(taken: Intake) -> DoseAsOrdered:
    """The dose of a draft with a single dosage.

    With several dosages, or where a ceiling (`maxDosePerPeriod`) decides, a change of one dose does
    not change what is taken a day in proportion; then `units` is None and no other dose is proposed.
    """
    written, at_once, a_day = taken.as_ordered, taken.at_once, taken.a_day
    if written is None or written.value is None or at_once is None:
        return DoseAsOrdered()
    daily_units = None
    if a_day is not None and a_day.unit is at_once.unit and at_once.value:
        daily_units = written.value * a_day.value / at_once.value
    return DoseAsOrdered(
        units=None if taken.is_capped else written.value,
        unit=written.unit or written.code,
        daily_units=daily_units,
    )


def bounds_start(dosages: Sequence[Dosage]) -> str | None:
    """The day on which a draft begins: the start of the first dosage's bounds (a.1)."""
    timing = dosages[0].timing if dosages else None
    bounds = timing.repeat.bounds_period if timing is not None and timing.repeat is not None else None
    return None if bounds is None else bounds.start
