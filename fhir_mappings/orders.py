"""ServiceRequest -> what is already ordered (a.7, R56), and hospice care that is ordered (R2)."""

from collections.abc import Iterable, Iterator

from fhir_mappings.gathering import Gathered
from fhir_mappings.procedures import FILES, HOSPICE, lumbar_study
from fhir_mappings.reading import Reading
from fhir_mappings.regions import is_lumbar
from fhir_mappings.resources import ServiceRequest
from fhir_mappings.terminology import Meaning
from fhir_mappings.therapy_words import candidates, modalities_in
from pathway.facts import CareFact, Fact, OpenOrderFact

ACTIVE = "active"
ORDERED_FILES = FILES - {"patient-factors.csv"}
NEVER_COUNTS = "never-counts"  # epidurals of the neck and chest
REGION_UNSPECIFIED = "surgery-region-unspecified"


def order_facts(gathered: Gathered, reading: Reading) -> list[Fact]:
    """The active orders. Read after the Conditions, which tell what is lumbar."""
    reader = _Orders(reading)
    return reading.facts(reader.ours(gathered.of(ServiceRequest)), reader.facts)


class _Orders:
    """Reads ServiceRequests of one patient."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def ours(self, orders: Iterable[ServiceRequest]) -> Iterator[tuple[ServiceRequest, tuple[Meaning, ...]]]:
        """The orders with a code, or a therapy's words, that mean something here."""
        terminology = self.reading.terminology
        for order, code in candidates(orders, terminology):
            found = terminology.meanings(code)
            meanings = tuple(m for m in found if is_orderable(m) or m.concept == HOSPICE)
            if meanings or modalities_in(code.text) or terminology.misfiled(code, FILES):
                yield order, meanings

    def facts(self, order: ServiceRequest, meanings: tuple[Meaning, ...]) -> Iterator[Fact]:
        """What one order tells; nothing unless it is active.

        Raises:
            DataGapError: body site or reason cannot be read.
        """
        reading = self.reading
        if order.status != ACTIVE:
            return
        if order.do_not_perform:
            return
        concepts = ordered_concepts(order, meanings, reading)
        is_hospice = any(m.concept == HOSPICE for m in meanings)
        if not meanings and not concepts:
            reading.note("unreadable", order, "code.coding.system")
            return
        authored = reading.counted_day(order, order.authored_on, "authoredOn")
        if authored is None:
            reading.note("missing-date", order, "authoredOn")
        source = reading.source(order, order.code)
        if is_hospice:
            yield CareFact(concept=HOSPICE, kind="order", last=authored, source=source)
        if concepts:
            code = next((m.code for m in meanings if m.concept != HOSPICE), "")
            yield OpenOrderFact(concepts=concepts, authored=authored, code=code, source=source)


def ordered_concepts(order: ServiceRequest, meanings: Iterable[Meaning], reading: Reading) -> tuple[str, ...]:
    """What is ordered, by code and by the words of its text; hospice care aside.

    Raises:
        DataGapError: body site or reason cannot be read.
    """
    concepts = set(modalities_in(order.code.text if order.code else None))
    for meaning in meanings:
        if meaning.concept == HOSPICE:
            continue
        if meaning.role == REGION_UNSPECIFIED and not is_lumbar(order, reading):
            continue
        known = lumbar_study(meaning.concept, lambda: is_lumbar(order, reading))
        concepts.update((known,) if known else ())
    return tuple(sorted(concepts))


def is_orderable(meaning: Meaning) -> bool:
    """Whether a code names something that the pathway orders or knows as an order."""
    return meaning.file in ORDERED_FILES and meaning.role != NEVER_COUNTS
