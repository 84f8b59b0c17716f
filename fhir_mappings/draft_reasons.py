"""Why a draft is written: for the low back, for something else, or without a reason (R43, R52)."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TypeVar

import msgspec
from msgspec import Raw

from fhir_mappings.conditions import NOT_SO
from fhir_mappings.draft_resources import Order
from fhir_mappings.elements import (
    ABSENT,
    CODEABLE_REFERENCES,
    CONCEPTS,
    REFERENCES,
    Concept,
    Element,
    Reference,
    listed,
    read,
)
from fhir_mappings.gaps import DataGapError
from fhir_mappings.gathering import Gathered
from fhir_mappings.reading import Reading
from fhir_mappings.references import local
from fhir_mappings.regions import is_lumbar_reason
from fhir_mappings.resources import Condition
from fhir_mappings.terminology import Terminology
from pathway.codelists import CONDITION_FILES
from pathway.drafts import DraftReason

T = TypeVar("T")
LUMBAR = frozenset({"radicular", "spinal-stenosis", "lbp-axial"})
LABELLED = "gabapentinoid-labelled"
# Words count only as these phrases; "back pain" of another part of the back is not ours.
_BACK = re.compile(
    r"\b(low(er)? back pain|sciatica|lumbar radiculopathy|lumbago)\b"
    r"|(?<!upper )(?<!upper-)(?<!mid )(?<!mid-)(?<!middle )(?<!thoracic )\bback pain\b",
    re.IGNORECASE,
)
LONGEST = 500  # characters; what is longer is a note, not a reason


class _Contained(Element, frozen=True, gc=False):
    """A contained resource, of which a Condition has an id and a code."""

    id: str | None = None
    code: Concept | None = None


_CONTAINED = msgspec.json.Decoder(tuple[_Contained, ...] | None)


class Reason(msgspec.Struct, frozen=True):
    """What a draft says it is for."""

    kind: DraftReason = DraftReason.NONE
    labels_gabapentinoid: bool = False


class Reasons:
    """Tells the reasons of the drafts of one call; notes which element could not be read."""

    def __init__(self, gathered: Gathered, reading: Reading) -> None:
        """Start with the Conditions of chart and drafts, to which a reason may refer."""
        self._gathered = gathered
        self._reading = reading
        self._terminology: Terminology = reading.terminology
        self._known: dict[bytes, tuple[Reason, list[str]]] = {}

    def of(self, order: Order) -> tuple[Reason, list[str]]:
        """The reason of a draft, and the elements that told none although they are there.

        A Condition of the low back that it refers to is added to `reading.lumbar`, which tells
        where an operation without a region in its code is meant.
        """
        self._reading.lumbar.clear()
        if order.reason_reference is ABSENT and order.reason is ABSENT:
            return self._coded(order)
        return self._told(order)

    def _coded(self, order: Order) -> tuple[Reason, list[str]]:
        """By `reasonCode` alone; the drafts of one call often share it."""
        key = bytes(order.reason_code)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._told(order)
        return found

    def _told(self, order: Order) -> tuple[Reason, list[str]]:
        unread: list[str] = []
        reasons = [self._reason(concept) for concept in self._concepts(order, unread)]
        if len(reasons) == 1:
            return reasons[0], unread
        kinds = {reason.kind for reason in reasons}
        kind = next((k for k in (DraftReason.LUMBAR, DraftReason.OTHER) if k in kinds), DraftReason.NONE)
        return Reason(kind, any(reason.labels_gabapentinoid for reason in reasons)), unread

    def _concepts(self, order: Order, unread: list[str]) -> Iterator[Concept]:
        yield from self._members(CONCEPTS, order.reason_code, "reasonCode", unread)
        references = [*self._members(REFERENCES, order.reason_reference, "reasonReference", unread)]
        for reason in self._members(CODEABLE_REFERENCES, order.reason, "reason", unread):
            if reason.concept is not None:
                yield reason.concept
            if reason.reference is not None:
                references.append(reason.reference)
        for reference in references:
            found = self._referred(order, reference)
            if found is not None:
                yield found
            elif reference.reference:
                unread.append("reasonReference")

    @staticmethod
    def _members(
        decoder: msgspec.json.Decoder[tuple[T, ...] | T | None], raw: Raw, element: str, unread: list[str]
    ) -> tuple[T, ...]:
        if raw is ABSENT:
            return ()
        try:
            return listed(read(decoder, raw, element))
        except DataGapError as error:
            unread.append(error.element)
            return ()

    def _referred(self, order: Order, reference: Reference) -> Concept | None:
        """What a reference tells: the code of its Condition, else the words it displays."""
        key = reference.reference
        code = self._code(order, key) if key else None
        if code is None or key is None:
            return Concept(text=reference.display) if reference.display else None
        if is_lumbar_reason((code,), (), self._reading):
            self._reading.lumbar.add(self._reading.condition_key(key))
        return code

    def _code(self, order: Order, reference: str) -> Concept | None:
        """The code of a contained Condition, or of one of chart or drafts that stands."""
        try:
            if reference.startswith("#"):
                contained = read(_CONTAINED, order.contained, "contained") or ()
                return next((c.code for c in contained if f"#{c.id}" == reference), None)
            condition = self._by_url.get(reference) or self._by_key.get(local(reference, "Condition", {}))
            if condition is None:
                return None
            status = self._reading.status(condition.verification_status, "verificationStatus")
            return None if NOT_SO & status else condition.code
        except DataGapError:
            return None

    @cached_property
    def _by_url(self) -> dict[str, Condition]:
        return self._gathered.by_url(Condition)

    @cached_property
    def _by_key(self) -> dict[str, Condition]:
        return {f"Condition/{c.id}": c for c in self._gathered.of(Condition)}

    def _reason(self, concept: Concept) -> Reason:
        """By code; words count only where no code is one that we know."""
        meanings = {m.concept for m in self._terminology.meanings(concept) if m.file in CONDITION_FILES}
        if meanings:
            kind = DraftReason.OTHER if LUMBAR.isdisjoint(meanings) else DraftReason.LUMBAR
            return Reason(kind, LABELLED in meanings)
        texts = concept.texts()
        if any(len(text) <= LONGEST and _BACK.search(text) for text in texts):
            return Reason(DraftReason.LUMBAR)
        return Reason(DraftReason.OTHER if texts or concept.codes() else DraftReason.NONE)
