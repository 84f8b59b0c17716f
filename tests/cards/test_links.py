"""One link on each card: to the pathway page where it can be launched, else to the evidence."""

import json
from typing import Any

import pytest

from cards.dialects import DIALECTS, dialect
from cards.links import CardLinks
from tests.cards.dialect_making import on_the_wire, standard_answers, the_knowledge

BASE = "https://cds.example.org"
ANSWERS = standard_answers()


def cards_of(linked: CardLinks) -> list[Any]:
    """Every card of the cases, as it is sent."""
    cards = [card for answer in ANSWERS.values() for card in on_the_wire(linked(answer))["cards"]]
    assert cards
    return cards


def links(*, is_smart: bool = False) -> CardLinks:
    return CardLinks(BASE, guards=the_knowledge().guards, is_smart=is_smart)


def test_without_a_base_there_is_no_link() -> None:
    none = CardLinks(None, is_smart=True)

    assert all(none(answer) is answer for answer in ANSWERS.values())


def test_every_card_has_one_link_to_the_evidence_of_its_first_recommendation() -> None:
    for card in cards_of(links()):
        (link,) = card["links"]
        first = card["extension"]["org.backpath"]["recommendations"][0]
        kind = "guard" if first in the_knowledge().guards else "recommendation"

        assert link["type"] == "absolute"
        assert link["url"] == f"{BASE}/knowledge/{kind}/{first}"
        assert "appContext" not in link


def test_where_it_can_be_launched_every_card_leads_to_the_pathway_page() -> None:
    for card in cards_of(links(is_smart=True)):
        (link,) = card["links"]
        told = json.loads(link["appContext"])

        assert (link["type"], link["url"]) == ("smart", f"{BASE}/launch")
        assert told == {
            "card": card["uuid"],
            "recommendations": card["extension"]["org.backpath"]["recommendations"],
        }
        assert "autolaunchable" not in link


@pytest.mark.parametrize("name", DIALECTS)
def test_links_go_with_every_dialect(name: str) -> None:
    speak = dialect(name, the_knowledge())

    for answer in ANSWERS.values():
        linked = links()(speak(answer))
        assert all(len(card.links) == 1 for card in linked.cards)
        assert [card.extension for card in linked.cards] == [card.extension for card in answer.cards]
