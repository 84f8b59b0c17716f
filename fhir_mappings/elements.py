"""The FHIR data types that we read, as lenient structs, and the reading of single elements.

Clients send resources that are not valid FHIR: a list where one value belongs and the reverse, a
string for a code. What can be understood is; the rest is a `DataGapError` that names the element.
Every field may be absent or null. R4 names, with the R5 shapes that the issue asks for.
"""

from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Raw

from fhir_mappings.gaps import DataGapError

ABSENT = Raw(b"")
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
MOST_DIGITS = 9  # before the decimal point; no dose, score, count or laboratory value has more
MOST_DECIMALS = 30  # more is noise, or an attempt to be slow
T = TypeVar("T")


class Element(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of the data types; `gc=False` because a tree of them never refers back."""


class Coding(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#Coding."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class Concept(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#CodeableConcept."""

    coding: tuple[Coding, ...] | None = ()
    text: str | None = None

    def texts(self) -> list[str]:
        """What the chart calls it: the text, then the displays that differ from it."""
        found = [self.text] if self.text else []
        for coding in self.coding or ():
            if coding.display and coding.display not in found:
                found.append(coding.display)
        return found

    def codes(self) -> list[str]:
        """Its codes, whatever their system: for value sets that FHIR itself defines."""
        return [coding.code for coding in self.coding or () if coding.code]


class Reference(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/references.html#Reference."""

    reference: str | None = None
    display: str | None = None


class CodeableReference(Element, frozen=True, gc=False):
    """R5: https://hl7.org/fhir/R5/references.html#CodeableReference."""

    concept: Concept | None = None
    reference: Reference | None = None


class Period(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#Period."""

    start: str | None = None
    end: str | None = None


class Quantity(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#Quantity; Duration, Age and SimpleQuantity too."""

    value: Decimal | None = None
    comparator: str | None = None
    unit: str | None = None
    code: str | None = None


class Range(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#Range."""

    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#Ratio."""

    numerator: Quantity | None = None
    denominator: Quantity | None = None


Status = Concept | str | None  # clinicalStatus was a code before STU4 and is often still sent as one
Concepts = tuple[Concept, ...] | Concept | None
References = tuple[Reference, ...] | Reference | None
CodeableReferences = tuple[CodeableReference, ...] | CodeableReference | None

TEXT = msgspec.json.Decoder(str | None)
FLAG = msgspec.json.Decoder(bool | None)
PERIOD = msgspec.json.Decoder(Period | None)
QUANTITY = msgspec.json.Decoder(Quantity | None)
NUMBER: msgspec.json.Decoder[Decimal | None] = msgspec.json.Decoder(Decimal | None)
CONCEPT = msgspec.json.Decoder(Concept | None)
REFERENCE = msgspec.json.Decoder(Reference | None)
STATUS: msgspec.json.Decoder[Status] = msgspec.json.Decoder(Status)
CONCEPTS: msgspec.json.Decoder[Concepts] = msgspec.json.Decoder(Concepts)
REFERENCES: msgspec.json.Decoder[References] = msgspec.json.Decoder(References)
CODEABLE_REFERENCES: msgspec.json.Decoder[CodeableReferences] = msgspec.json.Decoder(CodeableReferences)


def read(decoder: msgspec.json.Decoder[T], raw: Raw, element: str) -> T | None:
    """One element of a resource; None when it is absent or null.

    Raises:
        DataGapError: it has another shape; the message names the element down to the member.
    """
    if raw is ABSENT:
        return None
    try:
        return decoder.decode(raw)
    except UNREADABLE as error:
        raise DataGapError(element + member_of(error)) from None


def member_of(error: Exception) -> str:
    """Where inside an element msgspec stopped, e.g. ".coding[0].code"; "" when it does not say."""
    _, found, place = str(error).partition(" - at `$")
    return place.rstrip("`") if found else ""


def listed(value: tuple[T, ...] | T | None) -> tuple[T, ...]:
    """The members of an element that clients send as a list or as a single value."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def finite(value: Decimal | None, element: str) -> Decimal | None:
    """A number that can be calculated with.

    Raises:
        DataGapError: not a number, infinite, or beyond any clinical quantity.
    """
    if value is None:
        return None
    if not value.is_finite() or not -MOST_DECIMALS <= value.adjusted() < MOST_DIGITS:
        raise DataGapError(element)
    return value


def words_of(status: Status) -> frozenset[str]:
    """The codes of a status, lower case; its text where it has no code."""
    if status is None:
        return frozenset()
    if isinstance(status, str):
        return frozenset((status.lower(),))
    codes = status.codes() or ([status.text] if status.text else [])
    return frozenset(code.lower() for code in codes)
