"""One link on each card: to the patient's pathway page, else to the evidence; last, after the dialect.

Source:
    https://cds-hooks.hl7.org/2.0/#link
"""

from collections.abc import Collection

import msgspec

from cards.wire import Answer, Card, Link

ABSOLUTE, SMART = "absolute", "smart"
PATHWAY_LABEL = "Pathway and evidence for this patient"
EVIDENCE_LABEL = "Evidence in full"
LAUNCH = "/launch"
EVIDENCE = "/knowledge"


class AppContext(msgspec.Struct, frozen=True, kw_only=True):
    """What the pathway page is told of the card that led to it; nothing of the patient."""

    card: str  # uuid
    recommendations: tuple[str, ...]  # ids, the card's first item first


class CardLinks:
    """Puts links on cards; made once at start."""

    def __init__(self, base: str | None, *, guards: Collection[str] = (), is_smart: bool = False) -> None:
        """Make ready.

        Args:
            base: The service's own URL, without trailing slash; None: cards get no link.
            guards: The ids that are of guards, not of recommendations.
            is_smart: The client's FHIR server is SMART-enabled, so that it can launch the pathway page.
                Any other gets the evidence page: it may grey a `smart` link out, or show an error.
        """
        self._base = base
        self._guards = frozenset(guards)
        self._is_smart = is_smart

    def __call__(self, answer: Answer) -> Answer:
        """The answer with a link on every card."""
        if self._base is None or not answer.cards:
            return answer
        return msgspec.structs.replace(answer, cards=tuple([self._linked(card) for card in answer.cards]))

    def _linked(self, card: Card) -> Card:
        ids = card.extension.org_backpath.recommendations
        if self._is_smart:
            context = AppContext(card=card.uuid, recommendations=ids)
            link = Link(
                label=PATHWAY_LABEL,
                url=f"{self._base}{LAUNCH}",
                type=SMART,
                app_context=msgspec.json.encode(context).decode(),
            )
        else:
            link = Link(label=EVIDENCE_LABEL, url=f"{self._base}{self._path(ids[0])}", type=ABSOLUTE)
        return msgspec.structs.replace(card, links=(*card.links, link))

    def _path(self, own_id: str) -> str:
        kind = "guard" if own_id in self._guards else "recommendation"
        return f"{EVIDENCE}/{kind}/{own_id}"
