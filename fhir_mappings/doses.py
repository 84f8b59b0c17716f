"""What is taken of a drug a day, and how long a supply lasts (clinical/pathway.md a.5, R46, R55).

Daily dose = dose quantity x administrations a day, the maximum of every range, "as needed" taken
as taken. A dose in tablets, capsules or patches is multiplied by the strength in the product's
name. What cannot be computed is None: a dose is never guessed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from fhir_mappings.amounts import Amount, Unit, amount, days, pieces, plausible
from fhir_mappings.ceilings import UNIT_OF, ceiling
from fhir_mappings.elements import MOST_DIGITS, Element, Quantity, Range, Ratio, finite, listed
from fhir_mappings.products import Part, Product
from fhir_mappings.strengths import Per
from fhir_mappings.timings import Timing, administrations_a_day

DECIMALS = 12  # of an amount a day


class DoseAndRate(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/dosage.html, `doseAndRate`."""

    dose_quantity: Quantity | None = None
    dose_range: Range | None = None


class Dosage(DoseAndRate, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/dosage.html; dose[x] also where STU3 had it."""

    sequence: Decimal | None = None
    timing: Timing | None = None
    dose_and_rate: tuple[DoseAndRate, ...] | DoseAndRate | None = None
    max_dose_per_period: tuple[Ratio, ...] | Ratio | None = None


Dosages = tuple[Dosage, ...] | Dosage | None
DOSAGES: msgspec.json.Decoder[Dosages] = msgspec.json.Decoder(Dosages)


class Intake(msgspec.Struct, frozen=True):
    """What is taken: at one time, and over a day."""

    at_once: Amount | None = None
    a_day: Amount | None = None
    as_ordered: Quantity | None = None  # the dose of a single dosage, as it is written
    is_capped: bool = False  # a ceiling decides what is taken a day, not dose and timing


def intake(dosages: Sequence[Dosage], product: Product) -> Intake:
    """What all dosages together come to at most.

    Dosages with the same `sequence`, or none, are taken together and add up; those of different
    sequences follow each other and the largest counts.

    Raises:
        DataGapError: a number is not one that can be calculated with.
    """
    if len(dosages) == 1:  # nearly all orders
        return _intake(dosages[0], product)
    steps: dict[Decimal | None, list[Intake]] = defaultdict(list)
    for dosage in dosages:
        steps[finite(dosage.sequence, "dosageInstruction.sequence")].append(_intake(dosage, product))
    together = [Intake(_sum(i.at_once for i in step), _sum(i.a_day for i in step)) for step in steps.values()]
    return Intake(_largest(i.at_once for i in together), _largest(i.a_day for i in together))


def daily_dose(part: Part, product: Product, taken: Intake) -> tuple[Decimal | None, str]:
    """The dose of one ingredient and its unit: mg a day, or ug/h for a transdermal product."""
    strength = part.strength
    if strength is not None and strength.per is Per.HOUR:
        return _hourly(strength.amount, taken.at_once), Unit.UG_AN_HOUR.value
    a_day = taken.a_day
    if a_day is None:
        return None, Unit.MG.value
    if a_day.unit is Unit.MG:
        return (a_day.value if product.single else None), Unit.MG.value
    if strength is not None and a_day.unit is UNIT_OF[strength.per]:
        return _trimmed(a_day.value * strength.amount), Unit.MG.value
    return None, Unit.MG.value


def supply_days(
    expected: Quantity | None, dispensed: Quantity | None, product: Product, taken: Intake
) -> Decimal | None:
    """How many days the supply lasts: as stated, else quantity / daily amount; refills are ignored.

    Raises:
        DataGapError: a number is not one that can be calculated with.
    """
    stated = days(expected, "expectedSupplyDuration")
    if stated is not None:
        return stated
    quantity = pieces(dispensed, "quantity")
    a_day = taken.a_day
    if quantity is None or a_day is None or a_day.value == 0:
        return None
    if quantity.unit is not a_day.unit:
        quantity = _in_mg(quantity, product)
        if quantity is None or a_day.unit is not Unit.MG:
            return None
    return plausible(quantity.value / a_day.value)


def _in_mg(quantity: Amount, product: Product) -> Amount | None:
    strength = product.parts[0].strength if product.single else None
    if strength is None or strength.per is Per.HOUR or quantity.unit is not UNIT_OF[strength.per]:
        return None
    return Amount(quantity.value * strength.amount, Unit.MG)


def _hourly(rate: Decimal, at_once: Amount | None) -> Decimal | None:
    """Patches worn at one time x rate; how often they are changed does not matter."""
    if at_once is None:
        return None
    if at_once.unit is Unit.UG_AN_HOUR:
        return at_once.value
    return rate * at_once.value if at_once.unit is Unit.PIECE else None


def _intake(dosage: Dosage, product: Product) -> Intake:
    as_ordered, at_once = _dose(dosage)
    times = administrations_a_day(dosage.timing)
    a_day = None if at_once is None or times is None else _daily(at_once, times)
    is_capped = False
    for ratio in listed(dosage.max_dose_per_period):
        most = ceiling(ratio, None if at_once is None else at_once.unit, product)
        if most is not None and (a_day is None or _is_less(most, a_day)):
            a_day, is_capped = most, True
    return Intake(at_once, a_day, as_ordered, is_capped)


def _daily(at_once: Amount, times: Decimal) -> Amount:
    return Amount(_trimmed(at_once.value * times), at_once.unit)


def _trimmed(a_day: Decimal) -> Decimal:
    """Rounded, so that 3 tablets every third day are 1 a day and not 0.999 and so on."""
    if a_day.adjusted() >= MOST_DIGITS:  # beyond any dose, and beyond what can be rounded
        return a_day
    rounded = round(a_day, DECIMALS)
    return a_day if rounded == a_day else rounded


def _is_less(most: Amount, a_day: Amount) -> bool:
    return most.unit is a_day.unit and most.value < a_day.value


def _dose(dosage: Dosage) -> tuple[Quantity, Amount] | tuple[None, None]:
    """The dose taken at one time, the upper end of a range: as written, and as an amount."""
    for rated in (*listed(dosage.dose_and_rate), dosage):
        most = rated.dose_quantity
        if most is None and rated.dose_range is not None:
            most = rated.dose_range.high or rated.dose_range.low
        found = None if most is None else amount(most, "dosageInstruction.doseAndRate.dose")
        if most is not None and found is not None:
            return most, found
    return None, None


def _sum(amounts: Iterable[Amount | None]) -> Amount | None:
    """The sum of amounts of one unit; None when one is unknown or they differ in unit."""
    known = _of_one_unit(amounts)
    return Amount(sum((a.value for a in known), Decimal(0)), known[0].unit) if known else None


def _largest(amounts: Iterable[Amount | None]) -> Amount | None:
    known = _of_one_unit(amounts)
    return max(known, key=lambda a: a.value) if known else None


def _of_one_unit(amounts: Iterable[Amount | None]) -> list[Amount]:
    every = list(amounts)
    known = [a for a in every if a is not None]
    return known if len(known) == len(every) and len({a.unit for a in known}) == 1 else []
