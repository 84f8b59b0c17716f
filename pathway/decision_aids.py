"""Decision aids: what to tell a patient of a choice, in plain words, with its sources: decision-aids.yaml."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

import msgspec

from pathway.rules import Kebab, Knowledge, Mark, Text

FILE = "decision-aids.yaml"
LONGEST_SENTENCE = 30  # words: what is longer is not plain


class Told(Knowledge, frozen=True, kw_only=True):
    """One thing that a patient should know."""

    says: Text
    evidence: tuple[Kebab, ...] = ()  # ids of evidence.yaml
    mark: Mark


_Some = Annotated[tuple[Told, ...], msgspec.Meta(min_length=1)]


class DecisionAid(Knowledge, frozen=True, kw_only=True):
    """One choice; whatever speaks for it stands beside what speaks against it and what nobody knows."""

    title: Text
    last_reviewed: date
    recommendations: Annotated[tuple[Kebab, ...], msgspec.Meta(min_length=1)]  # that it belongs to
    about: Text
    benefits: _Some
    harms: _Some
    unknown: _Some
    otherwise: Text  # what it means to leave it
    questions: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]  # for the patient to think about


def aids_for(aids: Mapping[str, DecisionAid], recommendations: Sequence[str]) -> tuple[DecisionAid, ...]:
    """The aids of some recommendations, in their order, each once."""
    found: dict[str, DecisionAid] = {}
    for rule in recommendations:
        for name, aid in aids.items():
            if rule in aid.recommendations:
                found.setdefault(name, aid)
    return tuple(found.values())
