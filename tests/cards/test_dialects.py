"""The last step: what every dialect keeps, what is standard, and whose codes an order carries."""

from typing import Any

import pytest

from cards.dialects import DIALECTS, Dialect, dialect
from cards.proposals import Proposals
from cards.resources import MedicationRequest, ServiceRequest
from cards.site_codes import SiteCode
from cards.wire import Link
from pathway.errors import KnowledgeError
from pathway.rules import RuleEvidence
from tests.cards.dialect_making import (
    a_card,
    a_suggestion,
    an_answer,
    on_the_wire,
    standard_answers,
    suggestions_of,
    the_knowledge,
)
from tests.cards.making import a_knowledge, a_line, a_proposal, a_rule, a_service

LOCAL = "urn:example:orders"
NAPROXEN = SiteCode(proposal="nsaid/naproxen-500", system=LOCAL, code="NPX", display="Naproxen, ours")


def a_dialect(name: str = "standard", **options: Any) -> Dialect:
    return dialect(name, the_knowledge(), **options)


LAUNCHED = Link(label="App", url="https://example.org/launch", type="smart", autolaunchable=True)


def test_standard_leaves_every_answer_as_it_is() -> None:
    standard = a_dialect()

    assert all(standard(answer) == answer for answer in standard_answers().values())


def test_oracle_health_gets_the_standard_answer() -> None:
    oracle, standard = a_dialect("oracle"), a_dialect()

    assert all(oracle(answer) == standard(answer) for answer in standard_answers().values())


@pytest.mark.parametrize("name", DIALECTS)
def test_state_day_version_and_gaps_are_told_to_everyone(name: str) -> None:
    answer = next(a for a in standard_answers().values() if a.extension.org_backpath.data_gaps)

    assert a_dialect(name)(answer).extension == answer.extension


@pytest.mark.parametrize("name", DIALECTS)
def test_an_answer_without_cards_stays_one(name: str) -> None:
    assert a_dialect(name)(an_answer()) == an_answer()


def test_a_client_of_3_0_is_told_that_several_actions_belong_together() -> None:
    card = a_card(a_suggestion("One", "Two"), a_suggestion("Only"))

    told = on_the_wire(a_dialect(supports_3_0=True)(an_answer(card)))["cards"][0]

    assert [s.get("actionSelectionBehavior") for s in told["suggestions"]] == ["all", None]


@pytest.mark.parametrize(
    ("name", "supports_3_0"), [("standard", False), ("oracle", False), ("oracle", True), ("epic", True)]
)
def test_no_other_client_gets_what_3_0_added(name: str, supports_3_0: bool) -> None:
    card = a_card(a_suggestion("One", "Two"), links=(LAUNCHED,))

    told = on_the_wire(a_dialect(name, supports_3_0=supports_3_0)(an_answer(card)))["cards"][0]

    assert all("actionSelectionBehavior" not in suggestion for suggestion in told["suggestions"])
    assert told["links"] == [{"label": "App", "url": "https://example.org/launch", "type": "smart"}]


def test_a_client_of_3_0_may_launch_an_app_by_itself() -> None:
    card = a_card(links=(LAUNCHED,))

    told = on_the_wire(a_dialect(supports_3_0=True)(an_answer(card)))["cards"][0]

    assert told["links"][0]["autolaunchable"] is True


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(ValueError, match="'cerner'; there are: standard, epic, oracle"):
        a_dialect("cerner")


# --- the codes of a site ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["standard", "oracle"])
def test_an_order_carries_the_code_of_the_site_before_ours(name: str) -> None:
    answer = standard_answers()["acute"]

    told = on_the_wire(a_dialect(name, order_codes=(NAPROXEN,))(answer))

    orders = [s["actions"][0]["resource"] for c in told["cards"] for s in c.get("suggestions", ())]
    drugs = {
        order["medicationCodeableConcept"]["text"]: order["medicationCodeableConcept"]["coding"]
        for order in orders
        if order["resourceType"] == "MedicationRequest"
    }
    naproxen = drugs.pop("Naproxen 500 mg oral tablet")
    assert naproxen[0] == {"system": LOCAL, "code": "NPX", "display": "Naproxen, ours"}
    assert naproxen[1]["code"] == "198014"
    assert all(len(codings) == 1 for codings in drugs.values())


def test_an_order_code_for_no_proposal_is_refused() -> None:
    codes = [NAPROXEN, SiteCode(proposal="esi-first/transforaminal", system=LOCAL, code="1")]

    with pytest.raises(
        KnowledgeError, match=r"no proposal esi-first/transforaminal; known: .*esi-first/esi-"
    ):
        a_dialect(order_codes=codes)


def test_two_codes_for_one_proposal_are_refused() -> None:
    with pytest.raises(KnowledgeError, match="more than one code for nsaid/naproxen-500"):
        a_dialect(order_codes=[NAPROXEN, NAPROXEN])


# --- which proposal it is --------------------------------------------------------------------------


def test_every_order_of_every_golden_case_is_traced_to_its_proposal() -> None:
    knowledge = the_knowledge()
    proposals = Proposals(knowledge)
    traced: set[str] = set()

    for suggestion in suggestions_of(*standard_answers().values()):
        known, order = proposals.of(suggestion), suggestion.actions[0].resource
        is_ours = isinstance(order, ServiceRequest | MedicationRequest)
        assert (known is not None) == is_ours
        if known is not None:
            rule, _, proposal = known.name.partition("/")
            assert rule == suggestion.extension.org_backpath.recommendation
            (told,) = [p for p in knowledge.rules[rule].proposals if p.id == proposal]
            assert told.label.partition("{")[0] == suggestion.label[: len(told.label.partition("{")[0])]
            assert told.description.partition("{")[0] in suggestion.actions[0].description
            traced.add(known.name)

    assert traced == proposals.names()


def test_the_proposals_are_named_by_rule_and_proposal() -> None:
    assert {"esi-first/esi-transforaminal", "nsaid/naproxen-250"} <= Proposals(the_knowledge()).names()


def test_two_proposals_that_cannot_be_told_apart_are_refused() -> None:
    rule = a_rule("mri", proposals=(a_proposal("one"), a_proposal("two")))

    with pytest.raises(KnowledgeError, match="mri/two and mri/one: the same order in the same words"):
        Proposals(a_knowledge(rule))


def test_the_same_order_in_other_words_is_another_proposal() -> None:
    order = a_service()
    evidence = RuleEvidence(supports=(a_line("It works."),))
    one = a_proposal("one", description="MRI, soon", order=order)
    two = a_proposal("two", description="MRI, soon, as the kidneys fail", order=order)

    names = Proposals(a_knowledge(a_rule("mri", evidence=evidence, proposals=(one, two)))).names()

    assert names == {"mri/one", "mri/two"}
