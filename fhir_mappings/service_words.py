"""Ordered services by their words, where no code tells what they are.

Orders from a preference list of an EHR often carry a local code alone. What the prescriber reads
is then all there is to go by, and an injection that no guard looks at is a greater harm than a
guard on an order that needed none. Only drafts are read so: the chart's history is not guessed.
"""

import re
from collections.abc import Iterable

from fhir_mappings.therapy_words import LONGEST

_LUMBAR = re.compile(r"\blumbar\b|\blumbosacral\b")
_LUMBAR_LEVEL = re.compile(r"\bcaudal\b|\bl[1-5]\b|\bs1\b")
_LUMBAR_SPINE = re.compile(r"\bl(/?s)?[ -]?spine\b")
_SPINE = re.compile(r"\bspin(e|al)\b")
_EPIDURAL = re.compile(r"\bepidural\b")
_GIVEN = re.compile(r"\binj(ect\w*)?\b|\b(cortico)?steroids?\b")
_ESI = re.compile(r"\b(tf|il)?esi\b")
_NO_STEROID = re.compile(r"\bblood patch\b|\blabou?r\b")
_GUIDANCE = re.compile(r"\bguid(ed|ance)\b")  # imaging that serves another act
_STUDIES = (
    ("mri-lumbar", re.compile(r"\bmri?\b|\bmagnetic resonance\b")),
    ("ct-lumbar", re.compile(r"\bct\b|\bcomputed tomography\b")),
    ("xray-lumbar", re.compile(r"\bx[ -]?rays?\b(?! absorptiometry)|\bxr\b|\bradiographs?\b")),
)
_PHYSICAL_THERAPY = re.compile(r"\bphysical therap(y|ist)\b|(?<!chest )\bphysiotherap(y|ist)\b")
_FUSION = re.compile(r"\bfusion\b")


def service_in(texts: Iterable[str]) -> str | None:
    """The concept of the service that these texts of one order name together; None when none.

    Of several the first in this order: injection, study, physical therapy, fusion. The words after
    it then tell of the past or of a means ("x-ray of the lumbar spine after fusion").
    """
    words = " | ".join(text for text in texts if len(text) <= LONGEST).lower()
    if not words:
        return None
    if _is_injection(words):
        return "esi-lumbar"
    study = _study(words)
    if study is not None:
        return study
    if _PHYSICAL_THERAPY.search(words):
        return "exercise-pt"
    return "lumbar-fusion" if _FUSION.search(words) and _LUMBAR.search(words) else None


def _is_injection(words: str) -> bool:
    """An epidural steroid injection of the low back; one of neck or chest alone is not."""
    is_epidural = _ESI.search(words) or (_EPIDURAL.search(words) and _GIVEN.search(words))
    if not is_epidural or _NO_STEROID.search(words):
        return False
    return any(region.search(words) for region in (_LUMBAR, _LUMBAR_LEVEL, _LUMBAR_SPINE))


def _study(words: str) -> str | None:
    if _GUIDANCE.search(words):
        return None
    if not _LUMBAR_SPINE.search(words) and not (_LUMBAR.search(words) and _SPINE.search(words)):
        return None
    return next((concept for concept, pattern in _STUDIES if pattern.search(words)), None)
