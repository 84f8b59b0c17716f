"""What the readers of all drafts share within one call: whose a draft is, for when, and why."""

from collections.abc import Sequence
from datetime import date
from functools import cached_property

import msgspec
from msgspec import Raw

from fhir_mappings.dates import span
from fhir_mappings.draft_bundles import DraftEntry
from fhir_mappings.draft_reasons import Reason, Reasons
from fhir_mappings.draft_resources import Order
from fhir_mappings.elements import ABSENT, REFERENCE, Concept, read
from fhir_mappings.gaps import DataGapError, gap
from fhir_mappings.gathering import Gathered
from fhir_mappings.reading import Reading
from fhir_mappings.references import local
from fhir_mappings.resources import Patient
from pathway.facts import Source

LONGEST_WAIT_DAYS = 3660  # an order for a later day is a slip of the pen


class Written(msgspec.Struct, frozen=True):
    """A draft, and what the Bundle says of it."""

    entry: DraftEntry
    is_selected: bool

    def source(self, concept: Concept | None) -> Source:
        """Where it stands, and what it calls what is ordered."""
        text = None if concept is None else next(iter(concept.texts()), None)
        return Source(resource_type=self.entry.kind, resource_id=self.entry.id, text=text)


class DraftReading:
    """Reads what every draft has; notes what cannot be read and goes on."""

    def __init__(self, gathered: Gathered, reading: Reading, patient_id: str) -> None:
        """Start with what drafts may refer to, in chart and Bundle."""
        self.gathered = gathered
        self.reading = reading
        self.terminology = reading.terminology
        self._patient_id = patient_id
        self._reasons = Reasons(gathered, reading)
        self._subjects: dict[bytes, str | None] = {}

    def note(self, entry: DraftEntry, elements: Sequence[str], code: str = "unreadable") -> None:
        """Record what could not be read of one draft."""
        if not elements:
            return
        label = f"{entry.kind}/{entry.id}" if entry.has_id else entry.kind
        self.reading.gaps.extend(gap(code, label, element or None) for element in elements)

    def is_ours(self, entry: DraftEntry, order: Order) -> bool:
        """Whether a draft is for the patient in context, as drafts are unless they say otherwise.

        Only a reference that names another patient says otherwise; a word that is no reference
        ("order-1") does not, nor does a subject that cannot be read.
        """
        raw, element = order.subject, "subject"
        if raw is ABSENT:
            raw, element = order.patient, "patient"
        try:
            whose = self._whose(raw, element)
        except DataGapError as error:
            self.note(entry, (error.element,))
            return True
        return whose is None or whose == self._patient_id

    def _whose(self, raw: Raw, element: str) -> str | None:
        """The id of the patient that a subject names; None where it names none.

        Raises:
            DataGapError: it cannot be read, or is a reference to nothing.
        """
        key = bytes(raw)
        if key in self._subjects:  # the drafts of one call share it
            return self._subjects[key]
        subject = read(REFERENCE, raw, element)
        whose = None
        if subject is not None and subject.reference:
            named = self._patients.get(subject.reference) or local(subject.reference, "", {})
            kind, _, bare = named.rpartition("/")
            bare = bare.lstrip("#")
            if not kind and bare != self._patient_id:
                raise DataGapError(f"{element}.reference")
            whose = bare if kind in ("", "Patient") else named
        self._subjects[key] = whose
        return whose

    @cached_property
    def _patients(self) -> dict[str, str]:
        by_url = self.gathered.by_url(Patient)
        return {url: f"Patient/{patient.id}" for url, patient in by_url.items()}

    def reason(self, entry: DraftEntry, order: Order) -> Reason:
        """What a draft is for."""
        reason, unread = self._reasons.of(order)
        self.note(entry, unread)
        return reason

    def day(self, entry: DraftEntry, text: str | None, element: str) -> date:
        """The order day: never before the evaluation day; of a partial date to come the last day (a.1).

        A month or year that has begun may mean today: it stands for the evaluation day, so that
        no elapsed time is overstated.
        """
        as_of = self.reading.as_of
        if text is None:
            return as_of
        try:
            days = span(text, self.reading.zone, element)
        except DataGapError as error:
            self.note(entry, (error.element,))
            return as_of
        if days.first <= as_of:
            return as_of
        if (days.last - as_of).days > LONGEST_WAIT_DAYS:
            self.note(entry, (element,), "future-date")
            return as_of
        return days.last

    def stop(self, entry: DraftEntry, text: str | None, element: str) -> date | None:
        """The day on which a draft says that it ends."""
        try:
            return None if text is None else span(text, self.reading.zone, element).last
        except DataGapError as error:
            self.note(entry, (error.element,))
            return None
