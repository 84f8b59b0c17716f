"""Whether an act without a region in its code was one of the low back: by body site or reason."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Raw

from fhir_mappings.elements import (
    CODEABLE_REFERENCES,
    CONCEPTS,
    REFERENCES,
    Concept,
    listed,
    read,
)
from fhir_mappings.reading import Reading
from fhir_mappings.resources import Act

_LUMBAR = re.compile(r"\blumb(ar|o)|\blow(er)? back\b", re.IGNORECASE)
_LUMBAR_CONCEPTS = frozenset({"radicular", "spinal-stenosis", "lbp-axial", "post-laminectomy"})
_LOW_CONFIDENCE = "problem-low-confidence"


def says_lumbar(texts: Iterable[str]) -> bool:
    """Whether words name the lumbar region."""
    for text in texts:
        words = text.lower()
        if ("lumb" in words or "back" in words) and _LUMBAR.search(words):  # a glance before the pattern
            return True
    return False


def is_lumbar(act: Act, reading: Reading) -> bool:
    """Whether body site or reason is lumbar: by words, by code, or by a Condition that we know.

    Raises:
        DataGapError: bodySite or a reason cannot be read.
    """
    sites = listed(read(CONCEPTS, act.body_site, "bodySite"))
    if any(says_lumbar(site.texts()) for site in sites):
        return True
    reasons, references = [], []
    for reason in listed(read(CODEABLE_REFERENCES, act.reason, "reason")):
        reasons += [reason.concept] if reason.concept else []
        references += [reason.reference] if reason.reference else []
    references += listed(read(REFERENCES, act.reason_reference, "reasonReference"))
    named = (reference.reference for reference in references if reference.reference)
    return is_lumbar_reason((*reasons, *concepts(act.reason_code, "reasonCode")), named, reading)


def is_lumbar_reason(reasons: Iterable[Concept], references: Iterable[str], reading: Reading) -> bool:
    """Whether a reason is a problem of the low back."""
    for reason in reasons:
        meanings = reading.terminology.meanings(reason)
        if any(m.concept in _LUMBAR_CONCEPTS and m.role != _LOW_CONFIDENCE for m in meanings):
            return True
        if says_lumbar(reason.texts()):
            return True
    return any(reading.condition_key(reference) in reading.lumbar for reference in references)


def concepts(raw: Raw, element: str) -> Iterator[Concept]:
    """The CodeableConcepts of an element that is sent as a list or as one."""
    yield from listed(read(CONCEPTS, raw, element))
