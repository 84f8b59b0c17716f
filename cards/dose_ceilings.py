"""The most that may be taken of a drug, kept in step with a lower dose (`maxDosePerPeriod`)."""

from decimal import Decimal

from cards.opaque import DraftJson, in_the_one, json_number, json_object, plain_number
from cards.timing_edits import DAY_UNITS

_CEILING = "maxDosePerPeriod"


def ceiling_lowered(dosage: DraftJson, dose: DraftJson | None, a_day: Decimal | None) -> DraftJson | None:
    """A Dosage whose ceiling a day is no higher than what is to be taken a day.

    Args:
        dosage: The Dosage.
        dose: Its single dose as a Quantity, for the unit.
        a_day: What is to be taken a day, in that unit; None where that is not known.

    Returns:
        As it is without a ceiling; None where the ceiling is not one amount a day in the dose's unit.
    """
    if not dosage.get(_CEILING):
        return dosage
    if dose is None or a_day is None:
        return None
    return in_the_one(dosage, _CEILING, lambda ratio: _ratio_lowered(ratio, dose, a_day))


def _ratio_lowered(ratio: DraftJson, dose: DraftJson, a_day: Decimal) -> DraftJson | None:
    most, period = json_object(ratio.get("numerator")), json_object(ratio.get("denominator"))
    if most is None or period is None or not _is_one_day(period) or _unit(most) != _unit(dose):
        return None
    value = json_number(most.get("value"))
    if value is None:
        return None
    return {**ratio, "numerator": {**most, "value": plain_number(a_day)}} if value > a_day else ratio


def _is_one_day(period: DraftJson) -> bool:
    units = [period[name] for name in ("code", "unit") if name in period]
    is_day = bool(units) and all(unit in DAY_UNITS for unit in units)
    return is_day and json_number(period.get("value", 1)) == 1


def _unit(quantity: DraftJson) -> object:
    return quantity.get("code") or quantity.get("unit")
