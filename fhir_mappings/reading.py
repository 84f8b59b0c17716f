"""The reading of one patient's resources: whose they are, when, and what could not be read."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw

from fhir_mappings.dates import span
from fhir_mappings.elements import (
    ABSENT,
    PERIOD,
    REFERENCE,
    STATUS,
    UNREADABLE,
    Concept,
    Period,
    read,
    words_of,
)
from fhir_mappings.gaps import DataGapError, gap
from fhir_mappings.gathering import Gathered
from fhir_mappings.references import local
from fhir_mappings.resources import Condition, OfPatient, Patient
from fhir_mappings.terminology import Terminology
from pathway.facts import DataGap, Fact, Source

R = TypeVar("R", bound=OfPatient)
M = TypeVar("M")
ENTERED_IN_ERROR = "entered-in-error"
NO_PERIOD = Period()


class _Meta(msgspec.Struct, gc=False, rename="camel"):
    last_updated: str | None = None


_META = msgspec.json.Decoder(_Meta | None)


class Reading:
    """What the readers of all resource types share within one call; collects the gaps."""

    def __init__(
        self, gathered: Gathered, *, patient_id: str, as_of: date, zone: ZoneInfo, terminology: Terminology
    ) -> None:
        self.as_of = as_of
        self.zone = zone
        self.terminology = terminology
        self.gaps: list[DataGap] = []
        self.lumbar: set[str] = set()  # "Condition/id" of the conditions of the low back
        self._patient = f"Patient/{patient_id}"
        self._patients = {
            url: self._patient
            for url, patient in gathered.by_url(Patient).items()
            if patient.id == patient_id
        }
        self._conditions = gathered.by_url(Condition)
        self._own_subject = ABSENT  # how the last resource of this patient named its subject
        self._subjects: dict[bytes, bool] = {}
        self._statuses: dict[bytes, frozenset[str]] = {}

    def facts(self, found: Iterable[tuple[R, M]], made: Callable[[R, M], Iterable[Fact]]) -> list[Fact]:
        """The facts of resources whose code is ours.

        Leaves out other patients' resources and those that cannot be read, each with a gap; of
        several versions of one resource the latest counts.
        """
        facts: list[Fact] = []
        for resource, meaning in _latest(found):
            try:
                if self.is_ours(resource):
                    facts += made(resource, meaning)
            except DataGapError as error:
                self.note(error.code, resource, error.element)
        return facts

    def is_ours(self, resource: OfPatient) -> bool:
        """Whether a resource is this patient's; one that names no subject is taken to be.

        Raises:
            DataGapError: the subject cannot be read.
        """
        raw, element = resource.subject, "subject"
        if raw is ABSENT:
            raw, element = resource.patient, "patient"
        if raw is ABSENT:
            return True
        if raw == self._own_subject:  # all resources of a chart, but for strays
            return True
        key = bytes(raw)
        is_own = self._subjects.get(key)
        if is_own is None:
            is_own = self._subjects[key] = self._is_patient(raw, element)
        if is_own:
            self._own_subject = raw
        else:
            self.gaps.append(gap("other-patient", type(resource).__name__))
        return is_own

    def _is_patient(self, raw: Raw, element: str) -> bool:
        subject = read(REFERENCE, raw, element)
        if subject is None or subject.reference is None:
            return True
        return local(subject.reference, "Patient", self._patients).lstrip("#") in (
            self._patient,
            self._patient.removeprefix("Patient/"),
        )

    def status(self, raw: Raw, element: str) -> frozenset[str]:
        """The codes of a status, lower case; a chart repeats the same few.

        Raises:
            DataGapError: it is neither a CodeableConcept nor a code.
        """
        key = bytes(raw)
        words = self._statuses.get(key)
        if words is None:
            words = self._statuses[key] = words_of(read(STATUS, raw, element))
        return words

    def condition_key(self, reference: str) -> str:
        """A reference to a Condition as "Condition/id"."""
        condition = self._conditions.get(reference)
        return local(reference, "Condition", {}) if condition is None else f"Condition/{condition.id}"

    def note(self, code: str, resource: OfPatient, element: str) -> None:
        """Record a gap of a resource."""
        self.gaps.append(gap(code, self.label(resource), element))

    def label(self, resource: OfPatient) -> str:
        """Its type and id, or the type alone."""
        kind = type(resource).__name__
        return kind if resource.id is None else f"{kind}/{resource.id}"

    def source(self, resource: OfPatient, concept: Concept | None) -> Source:
        """Where a fact stands, and what the chart calls it."""
        text = None if concept is None else concept.text or next(iter(concept.texts()), None)
        return Source(resource_type=resource.__class__.__name__, resource_id=resource.id, text=text)

    def counted_day(self, resource: OfPatient, text: str | None, element: str) -> date | None:
        """A day of a Condition or an order: after the evaluation day it counts as that day (R3).

        What is no date counts as none, with a gap: the fact itself stands (a.1, missing dates).
        """
        if text is None:
            return None
        try:
            days = span(text, self.zone, element)
        except DataGapError as error:
            self._undated(resource, error)
            return None
        if days.last <= self.as_of:
            return days.last
        if days.first > self.as_of:
            self.note("future-date", resource, element)
        return self.as_of

    def event_day(self, resource: OfPatient, text: str | None, element: str) -> date | None:
        """A day on which something was done or measured; what is no date counts as none, with a gap.

        Raises:
            DataGapError: it lies after the evaluation day, when what was done is ignored (R3).
        """
        if text is None:
            return None
        try:
            days = span(text, self.zone, element)
        except DataGapError as error:
            self._undated(resource, error)
            return None
        if days.first > self.as_of:
            raise DataGapError(element, "future-date")
        return days.last if days.last <= self.as_of else self.as_of

    def stop_day(self, resource: OfPatient, text: str | None, element: str) -> date | None:
        """A day on which something ends or will end; what is no date counts as none, with a gap."""
        if text is None:
            return None
        try:
            return span(text, self.zone, element).last
        except DataGapError as error:
            self._undated(resource, error)
            return None

    def period(self, resource: OfPatient, raw: Raw, element: str) -> Period:
        """A period; one without start and end, with a gap where it cannot be read."""
        try:
            return period(raw, element)
        except DataGapError as error:
            self._undated(resource, error)
            return NO_PERIOD

    def _undated(self, resource: OfPatient, error: DataGapError) -> None:
        """Say which date could not be read: a red flag or a blood thinner is none the less there."""
        self.note(error.code, resource, error.element)


def first_of(*choices: tuple[str | None, str]) -> tuple[str | None, str]:
    """The first of several elements that is there, and its name."""
    return next((choice for choice in choices if choice[0] is not None), choices[0])


def period(raw: Raw, element: str) -> Period:
    """A period; one without start and end where the element is absent.

    Raises:
        DataGapError: not a period.
    """
    if raw is ABSENT:
        return NO_PERIOD
    return read(PERIOD, raw, element) or NO_PERIOD


def _latest(found: Iterable[tuple[R, M]]) -> list[tuple[R, M]]:
    """One version of each resource; which one does not depend on their order."""
    by_id: dict[str, tuple[R, M]] = {}
    nameless: list[tuple[R, M]] = []
    for pair in found:
        own_id = pair[0].id
        if own_id is None:
            nameless.append(pair)
        elif own_id not in by_id or _version(pair[0]) > _version(by_id[own_id][0]):
            by_id[own_id] = pair
    return [*by_id.values(), *nameless]


def _version(resource: OfPatient) -> tuple[str, bool, str]:
    """Orders versions: by last update; without one, any before that which was entered in error."""
    try:
        meta = None if resource.meta is ABSENT else _META.decode(resource.meta)
    except UNREADABLE:
        meta = None
    content = repr([bytes(v) if isinstance(v, Raw) else v for v in msgspec.structs.astuple(resource)])
    return (meta and meta.last_updated) or "", ENTERED_IN_ERROR not in content, content
