"""One sentence, under 140 characters, that is never cut."""

import pytest

from cards.rendering import Renderer
from pathway.advice import CardKind, CardPlan
from tests.cards.making import a_knowledge, a_plan, a_proposal, a_rule, an_advice, an_item, only_card


def summary(titles: list[str], kind: CardKind, offered: list[str] | None = None) -> str:
    """The summary of a card of recommendations with these titles; `offered` have a suggestion."""
    names = {f"rule-{number}": title for number, title in enumerate(titles)}
    rules = [a_rule(name, title=title, card=kind, proposals=(a_proposal(),)) for name, title in names.items()]
    plan: CardPlan = a_plan(
        *(
            an_item(name, proposals=("main",) if offered is None or title in offered else ())
            for name, title in names.items()
        ),
        kind=kind,
    )
    return str(only_card(Renderer(a_knowledge(*rules)), an_advice(plan))["summary"])


def test_one_option_speaks_for_itself() -> None:
    assert summary(["Yoga"], CardKind.NON_DRUG) == "Try rule-0"


def test_several_options_are_named() -> None:
    assert summary(["Yoga", "Massage"], CardKind.NON_DRUG) == "Non-drug options to discuss: Yoga; Massage"


@pytest.mark.parametrize("count", range(2, 12))
def test_options_that_do_not_fit_are_counted_and_no_word_is_cut(count: int) -> None:
    titles = [f"Multidisciplinary rehabilitation {number}" for number in range(count)]

    text = summary(titles, CardKind.NON_DRUG)

    named = [title for title in titles if title in text]
    rest = count - len(named)
    assert len(text) < 140
    assert text == f"Non-drug options to discuss: {'; '.join(named)}{f' and {rest} more' if rest else ''}"


def test_titles_too_long_to_name_are_counted() -> None:
    assert summary(["x" * 120, "y" * 120], CardKind.DRUG) == "Drug options, at most one: 2 options"


def test_a_drug_card_names_only_what_can_be_ordered() -> None:
    text = summary(["NSAID", "Baclofen", "Duloxetine"], CardKind.DRUG, offered=["NSAID", "Duloxetine"])

    assert text == "Drug options, at most one: NSAID; Duloxetine"


def test_a_drug_card_that_begins_with_a_warning_shows_the_warning() -> None:
    text = summary(["Gabapentinoid", "NSAID", "Duloxetine"], CardKind.DRUG, offered=["NSAID", "Duloxetine"])

    assert text == "Try rule-0"


@pytest.mark.parametrize("kind", [CardKind.STATE, CardKind.EVIDENCE])
def test_state_and_evidence_cards_show_their_first_item(kind: CardKind) -> None:
    assert summary(["Yoga", "Massage"], kind) == "Try rule-0"


def test_a_summary_that_grows_too_long_gives_way_to_the_title() -> None:
    rule = a_rule(title="Red flag", summary="Possible {flags}")
    advice = an_advice(a_plan(an_item(values={"flags": "spinal infection and " * 10})))

    assert only_card(Renderer(a_knowledge(rule)), advice)["summary"] == "Red flag"
