"""An answer as a client reads it: the members that a page shows or acts on."""

import msgspec

from cds_service.workbench.documents import Json


class Read(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of what is read of an answer; other members are passed over."""


class ReadAction(Read, frozen=True, kw_only=True):
    """What accepting a suggestion does."""

    type: str
    description: str = ""
    resource: Json | None = None
    resource_id: str | None = None  # "Type/id", to delete

    @property
    def of(self) -> str | None:
        """`Type/id` of the draft that it changes or deletes."""
        if self.resource_id is not None:
            return self.resource_id
        if self.resource is None:
            return None
        return f"{self.resource.get('resourceType')}/{self.resource.get('id')}"


class ReadSuggestion(Read, frozen=True, kw_only=True):
    """A suggestion."""

    label: str
    uuid: str
    is_recommended: bool = False
    actions: tuple[ReadAction, ...] = ()


class ReadReason(Read, frozen=True, kw_only=True):
    """One entry of the override menu."""

    system: str
    code: str
    display: str | None = None


class ReadLink(Read, frozen=True, kw_only=True):
    """A link of a card."""

    label: str
    url: str
    type: str


class ReadSource(Read, frozen=True, kw_only=True):
    """Where a card's advice is from."""

    label: str
    url: str | None = None


class ReadIds(Read, frozen=True, kw_only=True):
    """Which recommendations or guard a card carries."""

    recommendations: tuple[str, ...] = ()
    order: str | None = None


class ReadCardExtension(Read, frozen=True, kw_only=True, rename={"ids": "org.backpath"}):
    """`extension` of a card."""

    ids: ReadIds = ReadIds()


class ReadCard(Read, frozen=True, kw_only=True):
    """A card."""

    uuid: str
    summary: str
    indicator: str
    detail: str = ""
    source: ReadSource
    suggestions: tuple[ReadSuggestion, ...] = ()
    override_reasons: tuple[ReadReason, ...] = ()
    links: tuple[ReadLink, ...] = ()
    extension: ReadCardExtension = ReadCardExtension()


class ReadGap(Read, frozen=True, kw_only=True):
    """What the record lacks."""

    code: str
    resource: str | None = None
    element: str | None = None
    text: str | None = None


class ReadHeld(Read, frozen=True, kw_only=True):
    """What is advised and not shown."""

    recommendation: str
    reason: str
    until: str | None = None
    order: str | None = None


class ReadAnswerIds(Read, frozen=True, kw_only=True):
    """What stands at the top of an answer."""

    state: str = ""
    as_of: str = ""
    knowledge_version: str = ""
    data_gaps: tuple[ReadGap, ...] = ()
    held_back: tuple[ReadHeld, ...] = ()
    memory: str | None = None


class ReadExtension(Read, frozen=True, kw_only=True, rename={"ids": "org.backpath"}):
    """`extension` of an answer."""

    ids: ReadAnswerIds = ReadAnswerIds()


class ReadAnswer(Read, frozen=True, kw_only=True):
    """An answer."""

    cards: tuple[ReadCard, ...] = ()
    extension: ReadExtension = ReadExtension()

    def card(self, uuid: str) -> ReadCard | None:
        """One card."""
        return next((card for card in self.cards if card.uuid == uuid), None)


def without_words(answer: ReadAnswer) -> ReadAnswer:
    """As much of an answer as it takes to act on its cards later."""
    cards = tuple(msgspec.structs.replace(card, detail="", links=()) for card in answer.cards)
    return msgspec.structs.replace(answer, cards=cards)
