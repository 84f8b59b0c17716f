"""Therapies that no code list names: known by the words of `code.text` (R57)."""

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

from fhir_mappings.elements import Concept
from fhir_mappings.resources import Act
from fhir_mappings.terminology import Terminology

A = TypeVar("A", bound=Act)
_WORDS = {
    "yoga": re.compile(r"\byoga\b"),
    "mbsr": re.compile(r"\bmbsr\b|\bmindfulness[ -]based stress reduction\b"),
    "progressive-relaxation": re.compile(r"\bprogressive (muscle |muscular )?relaxation\b"),
    "multidisciplinary-rehab": re.compile(r"\b(inter|multi)-?disciplinary\b.*\brehab"),
}
LONGEST = 500  # characters; what is longer is a note, not a name


def modalities_in(text: str | None) -> tuple[str, ...]:
    """The modalities that a text names."""
    if not text or len(text) > LONGEST or not _hints_at(text):
        return ()
    words = text.lower()
    return tuple(modality for modality, pattern in _WORDS.items() if pattern.search(words))


def candidates(acts: Iterable[A], terminology: Terminology) -> Iterator[tuple[A, Concept]]:
    """The acts whose code may be ours, or whose text hints at a therapy; with that code."""
    acts = list(acts)
    if not acts:
        return
    coded = terminology.candidates(acts)
    for act in (*coded, *_hinted(acts, coded)):
        if act.code is not None:
            yield act, act.code


def _hinted(acts: list[A], coded: list[A]) -> list[A]:
    """The acts whose text hints at a therapy, without those that are coded."""
    texts = {act.code.text for act in acts if act.code is not None}  # charts repeat the same few
    hints = {text for text in texts if text and _hints_at(text)}
    if not hints:
        return []
    seen = {id(act) for act in coded}
    return [a for a in acts if a.code is not None and a.code.text in hints and id(a) not in seen]


def _hints_at(text: str) -> bool:
    """A glance before the patterns: nearly every act ends here."""
    words = text.lower()
    return (
        "yoga" in words
        or "mbsr" in words
        or "mindfulness" in words
        or "relaxation" in words
        or "disciplinary" in words
    )
