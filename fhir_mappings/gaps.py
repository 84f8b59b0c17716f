"""What could not be read: raised while reading, kept as a `DataGap` for the cards.

A gap names resource and element and never a value: values are patient data.
"""

from collections.abc import Iterable

from pathway.facts import DataGap

SENTENCES = {
    "unreadable": "This element could not be read; what depends on it is not considered.",
    "missing-date": "The record gives no date here; it counts as ever, not as recent.",
    "future-date": "The record gives a date after today; check it.",
    "not-provided": "Nothing of this kind was sent; what it would tell was not seen.",
    "incomplete": "Not all of this arrived; there may be more in the record.",
    "other-patient": "Data of another patient came along and was left out.",
    "patient-mismatch": "The patient that was sent is not the one the request is about.",
}


class DataGapError(Exception):
    """A resource cannot be used; it is left out and a gap is recorded. Never leaves this package."""

    def __init__(self, element: str, code: str = "unreadable") -> None:
        super().__init__(f"{code}: {element}")
        self.code = code
        self.element = element


def gap(code: str, resource: str | None = None, element: str | None = None) -> DataGap:
    """A gap with our own sentence for its code."""
    return DataGap(code=code, resource=resource, element=element, text=SENTENCES[code])


def settled(gaps: Iterable[DataGap]) -> tuple[DataGap, ...]:
    """The gaps, each once, in an order that does not depend on the order of the resources."""
    return tuple(sorted(set(gaps), key=lambda g: (g.code, g.resource or "", g.element or "")))
