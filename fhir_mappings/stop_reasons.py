"""Why a drug or therapy was stopped, as far as the reason's words or codes tell (R18)."""

from msgspec import Raw

from fhir_mappings.elements import ABSENT, CONCEPTS, Concept, listed, read
from pathway.facts import StopReason

_INEFFECTIVE = ("ineffective", "not effective", "no effect", "lack of effect")
_NOT_TOLERATED = ("intoleran", "not tolerated", "adverse", "side effect")
_NOT_TOLERATED_CODES = frozenset({"sintol", "salg"})  # medicationrequest-status-reason


def stop_reason(raw: Raw) -> StopReason | None:
    """The coded stop reason; None when there is none, or it says something else.

    Raises:
        DataGapError: statusReason is no CodeableConcept.
    """
    if raw is ABSENT:
        return None
    for concept in listed(read(CONCEPTS, raw, "statusReason")):
        reason = _reason(concept)
        if reason is not None:
            return reason
    return None


def _reason(concept: Concept) -> StopReason | None:
    words = " | ".join((*concept.texts(), *concept.codes())).lower()
    if _NOT_TOLERATED_CODES.intersection(code.lower() for code in concept.codes()):
        return StopReason.NOT_TOLERATED
    if any(word in words for word in _INEFFECTIVE):
        return StopReason.INEFFECTIVE
    return StopReason.NOT_TOLERATED if any(word in words for word in _NOT_TOLERATED) else None
