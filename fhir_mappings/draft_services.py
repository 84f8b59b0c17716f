"""Draft ServiceRequest -> what is ordered of that which the pathway knows (section d; a.7, R19, R56, R57)."""

from collections.abc import Iterable

import msgspec

from fhir_mappings.code_systems import CPT, could_be, our_url
from fhir_mappings.draft_reading import DraftReading, Written
from fhir_mappings.draft_resources import ServiceOrder
from fhir_mappings.elements import Element, read
from fhir_mappings.gaps import DataGapError
from fhir_mappings.orders import is_orderable, ordered_concepts
from fhir_mappings.procedures import FILES
from fhir_mappings.reading import first_of, period
from fhir_mappings.service_words import service_in
from fhir_mappings.terminology import Meaning
from fhir_mappings.therapy_words import modalities_in
from pathway.drafts import DraftService


class _Moments(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#Timing, of which an occurrence has `event`."""

    event: tuple[str, ...] | None = None


_TIMING = msgspec.json.Decoder(_Moments | None)


def service_draft(written: Written, order: ServiceOrder, drafts: DraftReading) -> DraftService | None:
    """What a ServiceRequest orders; None when neither code nor words are any that the pathway knows.

    Raises:
        DataGapError: body site or reason, which would tell the region, cannot be read.
    """
    entry = written.entry
    meanings = _meanings(written, order, drafts)
    worded = _by_words(order, drafts)
    if not meanings and not worded and not modalities_in(order.code.text if order.code else None):
        return None
    reason = drafts.reason(entry, order)  # before the concepts: it tells what is lumbar
    concepts = tuple(sorted({*worded, *ordered_concepts(order, meanings, drafts.reading)}))
    if not concepts:
        return None
    return DraftService(
        ref=entry.ref,
        editable=entry.has_id,
        selected=written.is_selected,
        order_day=drafts.day(entry, *_occurrence(written, order, drafts)),
        reason=reason.kind,
        reason_labels_gabapentinoid=reason.labels_gabapentinoid,
        concepts=concepts,
        code=_code(meanings),
    )


def _meanings(written: Written, order: ServiceOrder, drafts: DraftReading) -> tuple[Meaning, ...]:
    meanings = tuple(m for m in drafts.terminology.meanings(order.code) if is_orderable(m))
    if not meanings and order.code is not None and drafts.terminology.misfiled(order.code, FILES):
        drafts.note(written.entry, ("code.coding.system",))
    return meanings


def _by_words(order: ServiceOrder, drafts: DraftReading) -> tuple[str, ...]:
    """What an order of local codes, or of none, says in words.

    A code that we know outranks the words, and so does any CPT code: our lists have all of CPT that
    is lumbar, so that another one names something else.
    """
    code = order.code
    if code is None or drafts.terminology.meanings(code):
        return ()
    if any(our_url(c.system) == CPT.url for c in code.coding or () if c.system and c.code):
        return ()
    named = service_in(code.texts())
    return () if named is None else (named,)


def _code(meanings: Iterable[Meaning]) -> str:
    """The code that tells most of how it is done: a CPT code, else the first."""
    codes = [m.code for m in meanings]
    return next((code for code in codes if could_be(code, CPT.url)), codes[0] if codes else "")


def _occurrence(written: Written, order: ServiceOrder, drafts: DraftReading) -> tuple[str | None, str]:
    """When it is to be done, as written: on a day, from a day on, or at the first of several moments."""
    try:
        timing = read(_TIMING, order.occurrence_timing, "occurrenceTiming")
        span = period(order.occurrence_period, "occurrencePeriod")
    except DataGapError as error:
        drafts.note(written.entry, (error.element,))
        return order.occurrence_date_time, "occurrenceDateTime"
    first = timing.event[0] if timing is not None and timing.event else None
    return first_of(
        (order.occurrence_date_time, "occurrenceDateTime"),
        (span.start, "occurrencePeriod.start"),
        (first, "occurrenceTiming.event"),
    )
