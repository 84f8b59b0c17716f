"""`maxDosePerPeriod` -> the most that may be taken a day, in the unit of the dose (clinical/pathway.md a.5).

A prescriber doses in tablets and caps in milligrams: "2 tablets every 4 hours, at most 400 mg a
day". The strength of the product makes the two comparable.
"""

from decimal import Decimal

import msgspec

from fhir_mappings.amounts import Amount, Unit, amount, days
from fhir_mappings.elements import Ratio
from fhir_mappings.products import Product
from fhir_mappings.strengths import Per, Strength

UNIT_OF = {Per.PIECE: Unit.PIECE, Per.ML: Unit.ML}


def ceiling(ratio: Ratio, wanted: Unit | None, product: Product) -> Amount | None:
    """The most that may be taken a day; None when it is not said, or not in a unit we know.

    Args:
        ratio: As written.
        wanted: The unit of the dose; None where there is no dose.
        product: The drug; where its strength does not make the units comparable, the ceiling
            stays in its own.

    Raises:
        DataGapError: a number is not one that can be calculated with.
    """
    most = amount(ratio.numerator, "dosageInstruction.maxDosePerPeriod.numerator")
    period = ratio.denominator
    if period is not None and period.value is None:
        period = msgspec.structs.replace(period, value=Decimal(1))
    length = days(period, "dosageInstruction.maxDosePerPeriod.denominator")
    if most is None or not length:
        return None
    return _in_unit(Amount(most.value / length, most.unit), wanted, product)


def _in_unit(most: Amount, wanted: Unit | None, product: Product) -> Amount:
    strength = _lone_strength(product)
    if strength is None or wanted is None or strength.amount == 0:
        return most
    counted = UNIT_OF.get(strength.per)
    if (most.unit, wanted) == (Unit.MG, counted):
        return Amount(most.value / strength.amount, wanted)
    if (most.unit, wanted) == (counted, Unit.MG):
        return Amount(most.value * strength.amount, wanted)
    return most


def _lone_strength(product: Product) -> Strength | None:
    """The strength of the only ingredient that has one; of several, milligrams could be of any."""
    strengths = [part.strength for part in product.parts if part.strength is not None]
    return strengths[0] if len(strengths) == 1 else None
