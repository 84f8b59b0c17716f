"""The one sentence of a card: fewer than 140 characters, never cut."""

from collections.abc import Sequence

from cards import wording
from cards.recommendations import SUMMARY_LIMIT
from cards.suggestions import Item
from pathway.advice import CardKind


def summary(kind: CardKind, items: Sequence[Item]) -> str:
    """What the card says at a glance.

    A card with several options names them; every other card shows the summary of its first item.

    Raises:
        MissingValueError: the advice lacks a value that the summary names.
    """
    lead = wording.GROUP_SUMMARIES.get(kind)
    options = _options(kind, items)
    if lead is None or len(options) < 2:
        return _own_summary(items[0])
    return _named(lead, options)


def _options(kind: CardKind, items: Sequence[Item]) -> list[str]:
    """The titles to choose among; none when the first item of a drug card is no offer but a warning."""
    if kind is not CardKind.DRUG:
        return [item.recommendation.title for item in items]
    if not items[0].suggestions:
        return []
    return [item.recommendation.title for item in items if item.suggestions]


def _own_summary(item: Item) -> str:
    wording_of = item.recommendation.wordings[item.advised.variant]
    text = wording_of.summary.filled(item.advised.values)
    # The tests fill every summary with long values; a longer one still must not reach a client.
    return text if len(text) < SUMMARY_LIMIT else item.recommendation.title


def _named(lead: str, titles: Sequence[str]) -> str:
    """The lead with as many titles as fit, and the number of those that do not."""
    for shown in range(len(titles), 0, -1):
        rest = len(titles) - shown
        text = f"{lead}: {'; '.join(titles[:shown])}{f' and {rest} more' if rest else ''}"
        if len(text) < SUMMARY_LIMIT:
            return text
    return f"{lead}: {len(titles)} options"
