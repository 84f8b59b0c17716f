"""The shape of a guard: knowledge/guards/<id>.yaml."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from pathway.advice import Urgency
from pathway.rules import CheckRef, Coded, Kebab, Knowledge, RuleEvidence, Text


class Edit(StrEnum):
    """The changes that an update may make to a draft; each is one element."""

    OCCURRENCE = "occurrence"  # occurrenceDateTime = a date among the values
    CODE = "code"  # the code replaced by `code`
    SUPPLY = "supply"  # quantity and expected supply for `days` days
    DOSE = "dose"  # dose quantity = a number among the values
    FREQUENCY = "frequency"  # doses a day = a number among the values
    NOTE = "note"  # a note added


class GuardLevel(Knowledge, frozen=True, kw_only=True):
    """One way a guard fires: how urgent, and its words."""

    urgency: Urgency
    summary: Text  # template, under 140 characters when filled
    message: Text  # template: what is wrong, with the patient's facts


class Delete(Knowledge, frozen=True, kw_only=True, tag="delete", tag_field="action"):
    """Take the draft back."""

    label: Text
    description: Text
    recommendable: bool = False
    when: tuple[CheckRef, ...] = ()
    levels: tuple[Kebab, ...] = ()  # only when fired at one of these; empty: always


class Update(Knowledge, frozen=True, kw_only=True, tag="update", tag_field="action"):
    """Hand the draft back with one change."""

    edit: Edit
    value: Text | None = None  # name of the value, for `supply` of the threshold; for `note` the template
    code: Coded | None = None
    label: Text
    description: Text
    recommendable: bool = False
    when: tuple[CheckRef, ...] = ()
    levels: tuple[Kebab, ...] = ()


class Create(Knowledge, frozen=True, kw_only=True, tag="create", tag_field="action"):
    """Offer a recommendation's order instead; left out where anything speaks against it."""

    rule: Kebab
    proposals: tuple[Kebab, ...] = ()  # empty: those that fit the patient
    recommendable: bool = False
    when: tuple[CheckRef, ...] = ()
    levels: tuple[Kebab, ...] = ()


class Guard(Knowledge, frozen=True, kw_only=True):
    """One guard, whole."""

    id: Kebab
    title: Text
    last_reviewed: date
    place: int  # its row in the table of section (d): the order of cards of one indicator
    applies_to: Kebab  # what kind of draft: "lumbar-esi", "lumbar-imaging", "opioid", …
    levels: Annotated[dict[Kebab, GuardLevel], msgspec.Meta(min_length=1)]
    thresholds: tuple[Kebab, ...] = ()  # the numbers it uses; each has golden cases below, at, above
    says: tuple[Text, ...] = ()
    primary_source: Kebab
    evidence: RuleEvidence
    suggestions: tuple[Delete | Update | Create, ...] = ()
    override_reasons: tuple[Kebab, ...] = ()
    must_stay: Text | None = None  # why no site may switch it off; none: it may
    notes: tuple[Text, ...] = ()
