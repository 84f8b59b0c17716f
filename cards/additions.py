"""What CDS Hooks 3.0 added to suggestions and links: for clients known to understand it, and no other."""

import msgspec

from cards.wire import Card, Link, Suggestion

ALL_TOGETHER = "all"  # the actions of a suggestion are carried out together


def with_additions(card: Card) -> Card:
    """The card for a client of 3.0: it is told that the actions of a suggestion belong together."""
    if all(len(suggestion.actions) < 2 for suggestion in card.suggestions):
        return card
    return msgspec.structs.replace(card, suggestions=tuple([_together(one) for one in card.suggestions]))


def without_additions(card: Card) -> Card:
    """The card for any other client: a link waits to be clicked (C-SUG-07, C-LINK-06)."""
    if not any(link.autolaunchable for link in card.links):
        return card
    return msgspec.structs.replace(card, links=tuple([_clicked(link) for link in card.links]))


def _together(suggestion: Suggestion) -> Suggestion:
    if len(suggestion.actions) < 2:
        return suggestion
    return msgspec.structs.replace(suggestion, action_selection_behavior=ALL_TOGETHER)


def _clicked(link: Link) -> Link:
    return msgspec.structs.replace(link, autolaunchable=False)
