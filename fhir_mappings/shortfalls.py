"""What a Bundle itself says of what is missing from it: its total, and outcomes among its entries."""

import msgspec

from fhir_mappings.elements import ABSENT, UNREADABLE
from fhir_mappings.resources import Bundle, OperationOutcome, Resource

GRAVE = frozenset({"error", "fatal"})  # severities of an outcome that says that something failed


class _Issue(msgspec.Struct, gc=False):
    """https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue."""

    severity: str | None = None


_ISSUES = msgspec.json.Decoder(tuple[_Issue, ...] | None)
_TOTAL: msgspec.json.Decoder[int | None] = msgspec.json.Decoder(int | None)


def lacks_some(bundle: Bundle) -> bool:
    """Whether a search found more than is in the Bundle, matches and others counted together.

    A total that is absent, smaller, or no number says nothing.
    """
    if bundle.total is ABSENT:
        return False
    try:
        total = _TOTAL.decode(bundle.total)
    except UNREADABLE:
        return False
    return total is not None and total > len(bundle.entry or ())


def is_grave(outcome: Resource | None) -> bool:
    """Whether an outcome says that something failed; one that cannot be read says nothing."""
    if not isinstance(outcome, OperationOutcome) or outcome.issue is ABSENT:
        return False
    try:
        issues = _ISSUES.decode(outcome.issue) or ()
    except UNREADABLE:
        return False
    return any(issue.severity in GRAVE for issue in issues)
