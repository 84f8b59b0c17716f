"""Numbers that laboratories write as text: "<15", "> 60", "24 mL/min/1.73m2", "3/10"."""

import re
from decimal import Decimal

from fhir_mappings.elements import Quantity
from fhir_mappings.gaps import DataGapError

_WRITTEN = re.compile(
    r"(?P<comparator>[<>]=?|[≤≥])?\s{0,9}(?P<value>\d{1,9}(?:\.\d{1,9})?)"
    r"\s{0,9}(?P<unit>[^\d\s.,].{0,39}|(?<=\s)10\D.{0,39})?"  # the latter: "10*3/uL"
)
_IN_FHIR = {"≤": "<=", "≥": ">="}


def written(text: str, element: str) -> Quantity:
    """A text as a quantity, with comparator and unit where it names them.

    Raises:
        DataGapError: it is not a number with these alone.
    """
    text = text.strip()
    try:
        return Quantity(value=Decimal(text))
    except ArithmeticError:
        found = _WRITTEN.fullmatch(text)
    if found is None:
        raise DataGapError(element)
    sign = found["comparator"]
    return Quantity(value=Decimal(found["value"]), comparator=_IN_FHIR.get(sign, sign), unit=found["unit"])
