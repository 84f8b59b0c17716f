"""What the knowledge holds, kind by kind, and where each thing has its page."""

from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import quote

import msgspec

ROOT = "/knowledge"
ATTRIBUTES = f"{ROOT}/source-attributes"


class Kind(StrEnum):
    """A kind of thing that has pages, as it stands in their addresses; in the order of the index."""

    STATE = "state"
    RECOMMENDATION = "recommendation"
    GUARD = "guard"
    THRESHOLD = "threshold"
    SOURCE = "source"
    CODE_LIST = "code-list"
    CONCEPT = "concept"
    OVERRIDE_REASON = "override-reason"
    DECISION_AID = "decision-aid"
    STATEMENT = "statement"
    TEXT = "text"


class Heading(msgspec.Struct, frozen=True, rename="camel"):
    """How a kind is introduced."""

    one: str
    many: str
    lead: str


HEADINGS: Mapping[Kind, Heading] = {
    Kind.STATE: Heading(
        "State",
        "States",
        "Where a patient stands. The first that fits is taken, from the top; it is found anew at each call.",
    ),
    Kind.RECOMMENDATION: Heading(
        "Recommendation", "Recommendations", "What the pathway may propose when a chart is opened."
    ),
    Kind.GUARD: Heading(
        "Guard", "Guards", "What is said of an order while it is written. No guard ever blocks an order."
    ),
    Kind.THRESHOLD: Heading(
        "Threshold", "Thresholds", "Every number of the pathway, with unit, date and evidence."
    ),
    Kind.SOURCE: Heading("Source", "Sources", "What the knowledge rests on, and how much of it was read."),
    Kind.CODE_LIST: Heading("Code list", "Code lists", "Which codes of the record mean what, file by file."),
    Kind.CONCEPT: Heading("Concept", "Concepts", "What a code means to the pathway, with all of its codes."),
    Kind.OVERRIDE_REASON: Heading(
        "Override reason", "Override reasons", "Why a clinician may decline a card, and how long that holds."
    ),
    Kind.DECISION_AID: Heading(
        "Decision aid", "Decision aids", "What to tell a patient of a choice, in plain words."
    ),
    Kind.STATEMENT: Heading(
        "Seed statement", "Seed statements", "The text that the project started from, and what carries it."
    ),
    Kind.TEXT: Heading("Common line", "Common lines", "Lines that may stand on every card."),
}


class Link(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The way to a page."""

    kind: Kind
    id: str
    title: str
    href: str
    note: str | None = None  # what the page linked to has to do with this one


def address(kind: Kind, name: str) -> str:
    """The path of a page; `.json` behind it gives the same for programs."""
    return f"{ROOT}/{kind.value}/{quote(name, safe='')}"


def link(kind: Kind, name: str, title: str, note: str | None = None) -> Link:
    """The way to one thing."""
    return Link(kind=kind, id=name, title=title, href=address(kind, name), note=note)
