"""A guard that fires becomes one card, as the contract spells it."""

from decimal import Decimal
from typing import Any

import pytest

from cards.evidence import evidence_text
from pathway.advice import ChartText, Urgency
from pathway.errors import KnowledgeError
from pathway.facts import DataGap, Source
from pathway.guard_rules import GuardLevel
from pathway.rules import RuleEvidence
from pathway.state import Duration, DurationClass, DurationSource, Problem
from tests.cards.guard_making import (
    REF,
    a_guard,
    a_guard_advice,
    a_guard_renderer,
    a_warning,
    guard_answer,
    only_guard_card,
    to_delete,
    to_update,
    values,
)
from tests.cards.making import (
    a_knowledge,
    a_line,
    a_proposal,
    a_rule,
    a_service,
    a_situation,
    some_facts,
)
from tests.cards.rendered import OURS, kinds
from tests.pathway.making import day


def test_an_answer_without_cards_still_tells_state_day_version_and_gaps() -> None:
    advice = a_guard_advice(gaps=(DataGap(code="dose-unknown"),))

    assert guard_answer(a_guard_renderer(), advice) == {
        "cards": [],
        "extension": {
            "org.backpath": {
                "state": "initial-conservative",
                "asOf": "2026-11-22",
                "knowledgeVersion": "2026-11-22+test",
                "dataGaps": [{"code": "dose-unknown"}],
            }
        },
    }


def test_a_card_is_spelled_as_the_contract_says() -> None:
    renderer = a_guard_renderer(a_guard(override_reasons=("not-available",)))

    card = only_guard_card(renderer, a_warning(actions=(to_delete(recommended=True),)))

    assert card["uuid"] == "00000000-0000-4000-8000-000000000002"
    assert card["summary"] == "Too early for 2026-11-22"
    assert card["indicator"] == "warning"
    assert card["source"] == {
        "label": "A society, 2017: A guideline",
        "url": "https://example.org/guideline",
        "topic": {
            "system": "urn:backpath:recommendation",
            "code": "esi-too-early",
            "display": "Esi too early",
        },
    }
    assert card["selectionBehavior"] == "any"
    assert [reason["code"] for reason in card["overrideReasons"]] == [
        "patient-preference",
        "not-available",
        "other",
    ]
    assert card["extension"] == {"org.backpath": {"recommendations": ["esi-too-early"], "order": REF}}


def test_each_guard_that_fires_has_its_card_in_the_order_given() -> None:
    renderer = a_guard_renderer(a_guard("b"), a_guard("a"))
    advice = a_guard_advice(a_warning("b"), a_warning("a"), a_warning("b", ref="ServiceRequest/s2"))

    cards = guard_answer(renderer, advice)["cards"]

    assert [(c["source"]["topic"]["code"], c["extension"]["org.backpath"]["order"]) for c in cards] == [
        ("b", REF),
        ("a", REF),
        ("b", "ServiceRequest/s2"),
    ]


@pytest.mark.parametrize(
    ("urgency", "hook", "indicator"),
    [
        (Urgency.URGENT, "order-sign", "critical"),
        (Urgency.URGENT, "order-select", "warning"),
        (Urgency.CAUTION, "order-sign", "warning"),
        (Urgency.CAUTION, "order-select", "warning"),
        (Urgency.ROUTINE, "order-sign", "info"),
        (Urgency.ROUTINE, "order-select", "info"),
    ],
)
def test_while_an_order_is_chosen_nothing_is_critical(urgency: Urgency, hook: str, indicator: str) -> None:
    assert (
        only_guard_card(a_guard_renderer(), a_warning(urgency=urgency), hook=hook)["indicator"] == indicator
    )


def test_a_card_without_suggestions_has_no_selection_behaviour() -> None:
    card = only_guard_card(a_guard_renderer(), a_warning())

    assert "suggestions" not in card
    assert "selectionBehavior" not in card


def test_an_order_without_a_name_leaves_the_member_out() -> None:
    card = only_guard_card(a_guard_renderer(), a_warning(ref=None))

    assert card["extension"] == {"org.backpath": {"recommendations": ["esi-too-early"]}}
    assert "- Order: an order without id, for 2026-11-22" in card["detail"]


def test_each_level_has_its_own_words() -> None:
    level = GuardLevel(urgency=Urgency.ROUTINE, summary="Only a note", message="Note it")
    guard = a_guard(levels=a_guard().levels | {"mild": level})

    card = only_guard_card(a_guard_renderer(guard), a_warning(level="mild"))

    assert card["summary"] == "Only a note"
    assert card["detail"].startswith("Note it")


@pytest.mark.parametrize("order_day", [None, "x" * 140])
def test_a_summary_that_cannot_be_filled_in_140_characters_gives_way_to_the_title(order_day: Any) -> None:
    known = {name: value for name, value in values(order_day=order_day).items() if value is not None}

    assert only_guard_card(a_guard_renderer(), a_warning(values=known))["summary"] == "Esi too early"


# --- detail ----------------------------------------------------------------------------------------


def test_the_detail_tells_what_is_wrong_with_which_order_and_who_says_so() -> None:
    guard = a_guard(
        evidence=RuleEvidence(
            supports=(a_line("Wait 14 days.", strength="strong"),),
            against=(a_line("Do not wait.", source="other"),),
            project_default="Day 14.",
        )
    )
    source = Source(resource_type="Procedure", resource_id="e10")
    drug = ChartText(text="Naproxen 500 MG | [x](y)")

    card = only_guard_card(a_guard_renderer(guard), a_warning(values=values(drug=drug), sources=(source,)))

    assert card["detail"].splitlines() == [
        "2026-11-22 was the last (Procedure/e10)",
        "",
        "Wait.",
        "",
        f"- Order: Naproxen 500 MG \\| \\[x\\](y) ({REF}), for 2026-11-22",
        "- Patient: Low back pain, subacute, since 2026-10-13 (5 weeks)",
        "- For this warning: [A society, 2017](https://example.org/guideline) (strong): Wait 14 days.",
        "- Against this warning: [Other people, 2025](https://example.org/guideline): Do not wait.",
        "- Project default: Day 14.",
    ]
    assert kinds(card["detail"]) <= OURS


def test_a_conflict_is_shown_in_two_columns() -> None:
    evidence = RuleEvidence(supports=(a_line("Yes."),), against=(a_line("No."),), conflict=True)

    card = only_guard_card(a_guard_renderer(a_guard(evidence=evidence)), a_warning())

    assert "\n\n| For this warning | Against this warning |\n| --- | --- |\n" in card["detail"]
    assert "td_open" in kinds(card["detail"])


def test_sentences_whose_values_are_known_follow_the_message() -> None:
    card = only_guard_card(a_guard_renderer(), a_warning(values=values(relief=Decimal("37.55"))))

    assert "\n\nWait. Relief was 37.6 %.\n\n" in card["detail"]


def test_a_message_that_begins_with_chart_words_begins_with_a_capital_letter() -> None:
    level = GuardLevel(urgency=Urgency.ROUTINE, summary="A note", message="{drug} is a second one")
    guard = a_guard(levels={"default": level})

    card = only_guard_card(
        a_guard_renderer(guard), a_warning(values=values(drug=ChartText(text="ibuprofen")))
    )

    assert card["detail"].startswith("Ibuprofen is a second one")


def test_without_a_back_problem_nothing_is_said_of_one() -> None:
    advice = a_guard_advice(a_warning(), situation=a_situation(problem=Problem.NONE))

    (card,) = guard_answer(a_guard_renderer(), advice)["cards"]

    assert "- Patient" not in card["detail"]


def test_the_card_says_what_was_not_seen() -> None:
    facts = some_facts(not_provided=frozenset({"Procedure"}))
    advice = a_guard_advice(a_warning(), situation=a_situation(facts=facts))

    (card,) = guard_answer(a_guard_renderer(), advice)["cards"]

    assert card["detail"].endswith("\n\nNot seen, as it was not provided: Procedure.")


@pytest.mark.parametrize(("length", "first"), [("chronic", "Chronic."), ("acute", "Usual.")])
def test_evidence_for_the_patients_own_problem_and_duration_comes_first(length: str, first: str) -> None:
    lines = (a_line("Usual."), a_line("Chronic.", first_when="duration:chronic"))
    renderer = a_guard_renderer(a_guard(evidence=RuleEvidence(supports=lines)))
    duration = Duration(length=DurationClass(length), source=DurationSource.ONSET, onset=day(-90), days=90)
    advice = a_guard_advice(a_warning(), situation=a_situation(duration=duration))

    (card,) = guard_answer(renderer, advice)["cards"]

    assert card["detail"].split("For this warning: ")[1].rstrip("-\n ").endswith(first)


# --- suggestions -----------------------------------------------------------------------------------


def test_a_draft_is_taken_back_by_its_reference() -> None:
    card = only_guard_card(a_guard_renderer(), a_warning(actions=(to_delete(),)))

    assert card["suggestions"] == [
        {
            "label": "Remove it",
            "uuid": "00000000-0000-4000-8000-000000000001",
            "actions": [
                {
                    "type": "delete",
                    "description": "Remove the order for 2026-11-22",
                    "resourceId": REF,
                }
            ],
            "extension": {"org.backpath": {"recommendation": "esi-too-early"}},
        }
    ]


def test_a_draft_is_handed_back_changed() -> None:
    card = only_guard_card(a_guard_renderer(), a_warning(actions=(to_update(value=day(4)),)))

    (suggestion,) = card["suggestions"]
    assert suggestion["label"] == "Move to 2026-11-22"
    assert suggestion["extension"] == {"org.backpath": {"recommendation": "esi-too-early"}}
    assert suggestion["actions"] == [
        {
            "type": "update",
            "description": "Move it to 2026-11-22",
            "resource": {"resourceType": "ServiceRequest", "id": "s1", "occurrenceDateTime": "2026-11-26"},
        }
    ]


def test_the_draft_that_the_guard_speaks_of_is_the_one_handed_back() -> None:
    drafts = [{"resourceType": "ServiceRequest", "id": name} for name in ("s1", "s2")]
    advice = a_guard_advice(a_warning(draft=1, actions=(to_update(),)))

    (card,) = guard_answer(a_guard_renderer(), advice, *drafts)["cards"]

    assert card["suggestions"][0]["actions"][0]["resource"]["id"] == "s2"


def test_another_order_is_created_as_at_chart_open() -> None:
    proposal = a_proposal(
        label="Order {code}", description="Code {code} on {order_day}", order=a_service(code_from="code")
    )
    renderer = a_guard_renderer(rules=(a_rule(proposals=(proposal,)),))
    create = to_delete(
        kind="create",
        label=proposal.label,
        description=proposal.description,
        rule="exercise-pt",
        proposal="main",
        values=values(code="62322"),
    )

    (suggestion,) = only_guard_card(renderer, a_warning(actions=(create,)))["suggestions"]

    (action,) = suggestion["actions"]
    assert (suggestion["label"], action["type"]) == ("Order 72148", "create")
    assert action["description"] == "Code 72148 on 2026-11-22"
    assert action["resource"]["subject"] == {"reference": "Patient/pat-1"}
    assert action["resource"]["reasonReference"] == [{"reference": "Condition/c-M5450"}]
    assert suggestion["extension"] == {"org.backpath": {"recommendation": "exercise-pt"}}


def test_at_most_one_suggestion_of_a_card_is_recommended() -> None:
    actions = (to_update(), to_delete(recommended=True), to_update(recommended=True))

    card = only_guard_card(a_guard_renderer(), a_warning(actions=actions))

    assert [s.get("isRecommended") for s in card["suggestions"]] == [None, True, None]


def test_where_the_safest_cannot_be_offered_the_next_that_may_be_recommended_is() -> None:
    unknown = to_update(recommended=True, values={})
    actions = (unknown, to_delete(recommended=True))

    card = only_guard_card(a_guard_renderer(), a_warning(actions=actions))

    assert [s.get("isRecommended") for s in card["suggestions"]] == [True]


@pytest.mark.parametrize(
    "action",
    [
        to_update(values={}),
        to_update(value="soon"),
        to_update(edit=None),
        to_update(edit="code", code=None),
        to_update(edit="dose", value=Decimal(1)),
    ],
)
def test_what_cannot_be_carried_out_is_not_offered(action: Any) -> None:
    assert "suggestions" not in only_guard_card(a_guard_renderer(), a_warning(actions=(action,)))


def test_a_draft_without_a_name_is_neither_changed_nor_taken_back() -> None:
    card = only_guard_card(a_guard_renderer(), a_warning(ref=None, actions=(to_delete(), to_update())))

    assert "suggestions" not in card


# --- start -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        (a_guard(override_reasons=("whim",)), "override reason 'whim' is unknown; allowed: not-available"),
        (a_guard(primary_source="vibes"), "primary_source 'vibes' is no source"),
        (a_guard(title="x" * 140), "the title must have fewer than 140 characters"),
        (a_guard(says=("{",)), "says: a brace is no placeholder"),
        (a_guard(evidence=RuleEvidence(supports=(a_line("x", source="vibes"),))), "evidence names unknown"),
    ],
)
def test_guards_that_cannot_be_written_as_a_card_stop_the_start(guard: Any, told: str) -> None:
    with pytest.raises(KnowledgeError, match=f"guards/esi-too-early.yaml: {told}"):
        a_guard_renderer(guard)


def test_the_sides_of_evidence_are_called_as_asked() -> None:
    evidence = RuleEvidence(supports=(a_line("Yes."),))

    text = evidence_text(evidence, a_knowledge().evidence, "x", ("Pro", "Contra")).in_full(frozenset())

    assert text.shown(set()).startswith("- Pro: ")
