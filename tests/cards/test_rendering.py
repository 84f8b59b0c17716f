"""Advice becomes cards as the contract spells them."""

from decimal import Decimal
from typing import Any

import pytest

from cards.filling import MissingValueError
from cards.rendering import Renderer
from pathway.advice import Advice, CardKind, ChartText, Filter, Line, Urgency, Withheld
from pathway.errors import KnowledgeError
from pathway.facts import DataGap
from pathway.rules import Evidence, Mark, RuleEvidence, Variant
from tests.cards.making import (
    a_check,
    a_knowledge,
    a_line,
    a_plan,
    a_proposal,
    a_rule,
    a_service,
    a_situation,
    a_source,
    an_advice,
    an_evidence,
    an_item,
    answer_to,
    only_card,
    some_facts,
)
from tests.pathway.making import day

PROBLEM = "Low back pain, subacute, since 2026-10-13 (5 weeks)"


def a_renderer(*rules: Any, **changes: Any) -> Renderer:
    return Renderer(a_knowledge(*rules, **changes))


def test_an_answer_without_cards_still_tells_state_day_and_version() -> None:
    answer = answer_to(a_renderer(a_rule()), an_advice())

    assert answer == {
        "cards": [],
        "extension": {
            "org.backpath": {
                "state": "initial-conservative",
                "asOf": "2026-11-22",
                "knowledgeVersion": "2026-11-22+test",
            }
        },
    }


def test_a_card_is_spelled_as_the_contract_says() -> None:
    renderer = a_renderer(a_rule(proposals=(a_proposal(),)))

    card = only_card(renderer, an_advice(a_plan(an_item(proposals=("main",), recommended=True))))

    assert card["uuid"] == "00000000-0000-4000-8000-000000000002"
    assert card["summary"] == "Try exercise-pt"
    assert card["indicator"] == "info"
    assert card["source"] == {
        "label": "A society, 2017: A guideline",
        "url": "https://example.org/guideline",
        "topic": {"system": "urn:backpath:recommendation", "code": "exercise-pt", "display": "Exercise pt"},
    }
    assert card["selectionBehavior"] == "any"
    assert card["extension"] == {"org.backpath": {"recommendations": ["exercise-pt"]}}
    (suggestion,) = card["suggestions"]
    assert suggestion["uuid"] == "00000000-0000-4000-8000-000000000001"
    assert suggestion["label"] == "Order it"
    assert suggestion["isRecommended"] is True
    assert suggestion["extension"] == {"org.backpath": {"recommendation": "exercise-pt"}}
    (action,) = suggestion["actions"]
    assert action["type"] == "create"
    assert action["description"] == "It, ordered on 2026-11-22"
    assert action["resource"]["resourceType"] == "ServiceRequest"


def test_a_card_without_suggestions_has_no_selection_behaviour() -> None:
    card = only_card(a_renderer(a_rule()), an_advice(a_plan(an_item())))

    assert "suggestions" not in card
    assert "selectionBehavior" not in card


def test_of_the_drug_card_at_most_one_suggestion_may_be_taken() -> None:
    renderer = a_renderer(a_rule("nsaid", card=CardKind.DRUG, proposals=(a_proposal(),)))
    item = an_item("nsaid", proposals=("main",))

    card = only_card(renderer, an_advice(a_plan(item, kind=CardKind.DRUG)))

    assert card["selectionBehavior"] == "at-most-one"


@pytest.mark.parametrize(
    ("urgencies", "indicator"),
    [
        ([Urgency.ROUTINE], "info"),
        ([Urgency.ROUTINE, Urgency.CAUTION], "warning"),
        ([Urgency.URGENT, Urgency.CAUTION, Urgency.ROUTINE], "critical"),
    ],
)
def test_a_card_is_as_urgent_as_its_most_urgent_recommendation(
    urgencies: list[Urgency], indicator: str
) -> None:
    items = [an_item(urgency=urgency) for urgency in urgencies]

    assert only_card(a_renderer(a_rule()), an_advice(a_plan(*items)))["indicator"] == indicator


def test_a_card_names_every_recommendation_it_carries_and_the_source_of_the_first() -> None:
    renderer = a_renderer(a_rule("yoga"), a_rule("massage", primary_source="other"))

    card = only_card(renderer, an_advice(a_plan(an_item("massage"), an_item("yoga"))))

    assert card["extension"]["org.backpath"]["recommendations"] == ["massage", "yoga"]
    assert card["source"]["topic"]["code"] == "massage"
    assert card["source"]["label"].startswith("Other people")


def test_only_the_first_proposal_of_the_best_step_is_recommended() -> None:
    rule = a_rule(proposals=(a_proposal("one"), a_proposal("two")))
    item = an_item(proposals=("one", "two"), recommended=True)

    card = only_card(a_renderer(rule), an_advice(a_plan(item)))

    assert [suggestion.get("isRecommended") for suggestion in card["suggestions"]] == [True, None]


def test_of_two_items_called_best_only_the_first_is_recommended() -> None:
    rules = (a_rule("yoga", proposals=(a_proposal(),)), a_rule("massage", proposals=(a_proposal(),)))
    items = [an_item(name, proposals=("main",), recommended=True) for name in ("yoga", "massage")]

    card = only_card(a_renderer(*rules), an_advice(a_plan(*items)))

    assert [s.get("isRecommended") for s in card["suggestions"]] == [True, None]


def test_a_proposal_that_may_not_be_recommended_is_not() -> None:
    rule = a_rule(proposals=(a_proposal(recommendable=False),))

    card = only_card(a_renderer(rule), an_advice(a_plan(an_item(proposals=("main",), recommended=True))))

    assert "isRecommended" not in card["suggestions"][0]


def test_a_variant_has_its_own_words() -> None:
    rule = a_rule(variants={"late": Variant(summary="Late: {n}", why="Because {n}")})

    card = only_card(a_renderer(rule), an_advice(a_plan(an_item(variant="late", values={"n": 3}))))

    assert card["summary"] == "Late: 3"
    assert "Because 3" in card["detail"]


def test_the_words_name_the_code_that_is_ordered() -> None:
    proposal = a_proposal(label="Order {code}", description="Code {code}", order=a_service(code_from="code"))
    item = an_item(proposals=("main",), values={"code": "62322"})

    card = only_card(a_renderer(a_rule(proposals=(proposal,))), an_advice(a_plan(item)))

    (suggestion,) = card["suggestions"]
    assert suggestion["label"] == "Order 72148"
    assert suggestion["actions"][0]["resource"]["code"]["coding"][0]["code"] == "72148"


def test_a_summary_that_misses_a_value_is_a_defect_not_a_hole() -> None:
    renderer = a_renderer(a_rule(summary="Next on {date}"))

    with pytest.raises(MissingValueError, match="summary: the advice has no value 'date'"):
        answer_to(renderer, an_advice(a_plan(an_item())))


# --- detail ----------------------------------------------------------------------------------------


def detail(renderer: Renderer, advice: Advice) -> str:
    return str(only_card(renderer, advice)["detail"])


def test_the_detail_tells_why_what_for_and_against_and_what_would_change_it() -> None:
    rule = a_rule(
        why="{problem} needs movement",
        says=("Twice a week.", "Since {onset_date}.", "Score {pain}."),
        patient_text="What do you like to do?",
        evidence=RuleEvidence(
            supports=(a_line("It works."),),
            against=(a_line("It does not.", source="other"),),
            project_default="Offer it.",
        ),
        proposals=(a_proposal(),),
    )
    item = an_item(
        proposals=("main",),
        values={"problem": "low back pain", "onset_date": day(-40)},
        cautions=(Line(text="Mind {drug_name}.", values={"drug_name": ChartText(text="a|b")}),),
        blockers=(Line(text="Ask first.", values={}, sources=(a_source("Condition", "c9"),)),),
    )

    text = detail(a_renderer(rule), an_advice(a_plan(item)))

    assert text.split("\n") == [
        "**Why this patient**",
        "",
        f"- {PROBLEM}: Low back pain, onset 2026-10-13 (Condition/c-M5450)",
        "- No recent pain score",
        "",
        "Low back pain needs movement Twice a week. Since 2026-10-13.",
        "",
        "- Proposed: It, ordered on 2026-11-22",
        "- Settle first: Ask first. (Condition/c9)",
        "- Caution: Mind a\\|b.",
        "- For: [A society, 2017](https://example.org/guideline): It works.",
        "- Against: [Other people, 2025](https://example.org/guideline): It does not.",
        "- Project default: Offer it.",
        "- Decide with the patient: What do you like to do?",
        "",
        "**What would change this advice:** A finished trial.",
    ]


def test_cards_after_the_first_tell_the_problem_in_one_line() -> None:
    renderer = a_renderer(a_rule("yoga"), a_rule("massage"))
    advice = an_advice(a_plan(an_item("yoga")), a_plan(an_item("massage"), kind=CardKind.NON_DRUG))

    _, second = answer_to(renderer, advice)["cards"]

    assert second["detail"].startswith(f"**Why this patient:** {PROBLEM}.\n\nIt helps")
    assert "What would change" not in second["detail"]


def test_several_recommendations_on_a_card_have_headings() -> None:
    renderer = a_renderer(a_rule("yoga"), a_rule("massage"))

    text = detail(renderer, an_advice(a_plan(an_item("yoga"), an_item("massage"), kind=CardKind.NON_DRUG)))

    assert "**Yoga.** It helps" in text
    assert "**Massage.** It helps" in text


def test_notes_stand_on_every_card() -> None:
    renderer = a_renderer(a_rule("yoga"), a_rule("massage"), texts={"note": "{symptom} without a date"})
    note = Line(
        text="{symptom} without a date",
        values={"symptom": ChartText(text="Retention")},
        sources=(a_source("Condition", "c2"),),
    )
    plans = (a_plan(an_item("yoga")), a_plan(an_item("massage"), kind=CardKind.NON_DRUG))

    cards = answer_to(renderer, an_advice(*plans, notes=(note,)))["cards"]

    assert all(card["detail"].endswith("Retention without a date (Condition/c2)") for card in cards)


def test_a_drug_that_is_contraindicated_is_named_on_the_drug_card_with_the_reason() -> None:
    reason = "severe kidney disease (eGFR {egfr})"
    nsaid = a_rule("nsaid", title="NSAID", card=CardKind.DRUG, contraindications=(a_check(reason),))
    duloxetine = a_rule("duloxetine", card=CardKind.DRUG)
    withheld = Withheld(
        id="nsaid",
        by=Filter.CONTRAINDICATED,
        lines=(Line(text=reason, values={"egfr": Decimal(24)}, sources=(a_source("Observation", "o1"),)),),
    )
    plans = (a_plan(an_item("yoga")), a_plan(an_item("duloxetine"), kind=CardKind.DRUG))

    first, drugs = answer_to(
        a_renderer(nsaid, duloxetine, a_rule("yoga")), an_advice(*plans, withheld=(withheld,))
    )["cards"]

    assert "- NSAID not suggested: severe kidney disease (eGFR 24) (Observation/o1)" in drugs["detail"]
    assert "NSAID" not in first["detail"]


def test_without_a_drug_card_the_reason_stands_on_the_first_card() -> None:
    renderer = a_renderer(a_rule("nsaid", card=CardKind.DRUG), a_rule("yoga"))
    withheld = Withheld(id="nsaid", by=Filter.CONTRAINDICATED, lines=(Line(text="pregnancy", values={}),))

    text = detail(renderer, an_advice(a_plan(an_item("yoga")), withheld=(withheld,)))

    assert "- Nsaid not suggested: pregnancy" in text


def test_candidates_hidden_for_one_unknown_share_a_line() -> None:
    names = ("yoga", "massage")
    renderer = a_renderer(*(a_rule(name) for name in names), a_rule("cbt"))
    line = Line(text="for pain of 4 weeks or more", values={})
    withheld = tuple(Withheld(id=name, by=Filter.UNKNOWN, lines=(line,)) for name in names)

    text = detail(renderer, an_advice(a_plan(an_item("cbt")), withheld=withheld))

    assert "- Yoga, Massage not shown, as the record does not settle it: for pain of 4 weeks or more" in text


@pytest.mark.parametrize("by", [Filter.TRIED, Filter.OPEN_ORDER, Filter.DURATION, Filter.CRITERION])
def test_what_was_tried_or_does_not_fit_is_not_mentioned(by: Filter) -> None:
    withheld = Withheld(id="nsaid", by=by, lines=(Line(text="whatever", values={}),))
    renderer = a_renderer(a_rule("nsaid"), a_rule("yoga"))

    assert "Nsaid" not in detail(renderer, an_advice(a_plan(an_item("yoga")), withheld=(withheld,)))


def test_what_seed_text_means_is_told_where_the_evidence_is_weighed() -> None:
    seed = RuleEvidence(supports=(a_line("It works.", mark=Mark.SEED),))
    renderer = a_renderer(a_rule("yoga", evidence=seed), a_rule("evidence-limits", evidence=seed))
    plans = (a_plan(an_item("yoga")), a_plan(an_item("evidence-limits"), kind=CardKind.EVIDENCE))

    first, last = answer_to(renderer, an_advice(*plans))["cards"]

    assert "Seed text: the text this pathway is built on" not in first["detail"]
    assert "Seed text: the text this pathway is built on" in last["detail"]


# --- many options ----------------------------------------------------------------------------------


def options(kind: CardKind, *rules: Any, **values: Any) -> list[str]:
    """The paragraphs of a card that carries these rules, in their order."""
    items = [an_item(rule.id, proposals=tuple(p.id for p in rule.proposals), values=values) for rule in rules]
    text = detail(a_renderer(*rules), an_advice(a_plan(*items, kind=kind)))
    return text.split("\n\n")


def an_option(identifier: str, **changes: Any) -> Any:
    known: dict[str, Any] = {
        "card": CardKind.NON_DRUG,
        "why": "It helps.",
        "says": ("A trial is adequate after 4 weeks.", "Twice a week.", "Bring a towel."),
        "evidence": RuleEvidence(supports=(a_line(f"Chronic pain: {identifier}.", strength="weak"),)),
        "patient_text": f"Would you like {identifier}?",
        "proposals": (a_proposal(order=a_service(details="4 sessions")),),
    }
    return a_rule(identifier, **(known | changes))


def test_each_of_many_options_is_told_in_a_few_lines() -> None:
    paragraphs = options(CardKind.NON_DRUG, *map(an_option, ("yoga", "massage", "acupuncture")))

    assert "\n\n".join(paragraphs[2:]).splitlines() == [
        "**Yoga.** It helps. Twice a week.",
        "",
        "- Proposed: 4 sessions",
        "- For: [A society, 2017](https://example.org/guideline) chronic pain (weak).",
        "- Decide with the patient: Would you like yoga?",
        "",
        "**Massage.** It helps. Twice a week.",
        "",
        "- Proposed: 4 sessions",
        "- For: A society, 2017 chronic pain (weak).",
        "",
        "**Acupuncture.** It helps. Twice a week.",
        "",
        "- Proposed: 4 sessions",
        "- For: A society, 2017 chronic pain (weak).",
        "",
        "**What would change this advice:** A finished trial.",
    ]


def test_an_option_does_not_repeat_what_its_label_says() -> None:
    labelled = a_proposal(label="Order 4 sessions", order=a_service(details="4 sessions"))
    rules = [an_option(name, proposals=(labelled,)) for name in ("yoga", "massage", "acupuncture")]

    assert "Proposed" not in "\n".join(options(CardKind.NON_DRUG, *rules))


def test_an_option_does_not_say_what_a_source_is_quoted_with() -> None:
    quoted = "Medicare covers it for chronic low back pain: 12 visits."
    evidence = RuleEvidence(supports=(a_line(quoted),))
    rules = [
        an_option(name, says=(f"{quoted[:-1]} in 90 days.",), evidence=evidence)
        for name in ("yoga", "massage", "acupuncture")
    ]

    assert "in 90 days" not in "\n".join(options(CardKind.NON_DRUG, *rules))


def test_a_project_default_that_options_share_is_told_once() -> None:
    evidence = RuleEvidence(
        supports=(a_line("Yes."),), against=(a_line("No."),), conflict=True, project_default="Equal choices."
    )
    rules = [an_option(name, evidence=evidence) for name in ("yoga", "massage", "acupuncture")]

    text = "\n\n".join(options(CardKind.NON_DRUG, *rules))

    assert text.count("Project default: Equal choices.") == 1
    assert text.count("| For | Against |") == 3


def test_the_step_that_leads_a_card_is_told_in_full_whatever_stands_beside_it() -> None:
    rules = [an_option(name, card=CardKind.STATE) for name in ("yoga", "massage", "acupuncture")]

    text = "\n\n".join(options(CardKind.STATE, *rules))

    assert "**Yoga.** It helps. A trial is adequate after 4 weeks. Twice a week. Bring a towel." in text
    assert "): Chronic pain: yoga." in text
    assert "**Massage.** It helps. Twice a week.\n\n- Proposed: 4 sessions\n- For: A society" in text


def test_beside_a_step_only_a_conflict_is_told_in_full() -> None:
    conflict = RuleEvidence(supports=(a_line("Yes: often.", strength="weak"),), conflict=True)
    step, agreed = (an_option(name, card=CardKind.STATE) for name in ("yoga", "massage"))
    disputed = an_option("acupuncture", card=CardKind.STATE, evidence=conflict)

    beside_agreed = "\n\n".join(options(CardKind.STATE, step, agreed))
    beside_disputed = "\n\n".join(options(CardKind.STATE, step, disputed))

    assert "**Massage.** It helps. Twice a week.\n\n- Proposed: 4 sessions\n" in beside_agreed
    assert "| A society, 2017 (weak): Yes: often. |  |" in beside_disputed
    assert "Bring a towel" in beside_disputed.split("**Acupuncture.**")[1]


def test_an_option_keeps_its_blockers_and_cautions() -> None:
    rules = [an_option(name) for name in ("yoga", "massage", "acupuncture")]
    caution = Line(text="Mind the hip.", values={})
    items = [an_item(rule.id, cautions=(caution,), blockers=(caution,)) for rule in rules]

    text = detail(a_renderer(*rules), an_advice(a_plan(*items, kind=CardKind.NON_DRUG)))

    assert text.count("- Settle first: Mind the hip.\n- Caution: Mind the hip.") == 3


# --- gaps ------------------------------------------------------------------------------------------

GAPS = (
    DataGap(code="missing-date", resource="Procedure/x_1", element="Procedure.performed[x]"),
    DataGap(code="missing-date", resource="Procedure/x_1", element="Procedure.performed[x]"),
    DataGap(code="onset-missing"),
    DataGap(code="not-provided", resource="AllergyIntolerance", text="Allergies were not provided."),
)


def test_gaps_stand_in_the_extension_once_each_without_empty_members() -> None:
    answer = answer_to(a_renderer(a_rule()), an_advice(gaps=GAPS))

    assert answer["extension"]["org.backpath"]["dataGaps"] == [
        {"code": "missing-date", "resource": "Procedure/x_1", "element": "Procedure.performed[x]"},
        {"code": "onset-missing"},
        {"code": "not-provided", "resource": "AllergyIntolerance", "text": "Allergies were not provided."},
    ]


def test_gaps_are_told_on_the_evidence_card() -> None:
    renderer = a_renderer(a_rule("yoga"), a_rule("evidence-limits"))
    plans = (a_plan(an_item("yoga")), a_plan(an_item("evidence-limits"), kind=CardKind.EVIDENCE))

    first, last = answer_to(renderer, an_advice(*plans, gaps=GAPS))["cards"]

    assert "Data gaps" not in first["detail"]
    assert (
        "**Data gaps**\n\n"
        "- An entry has no date and counts as past, not as recent. "
        "(Procedure/x\\_1, Procedure.performed\\[x\\])\n"
        "- No onset date of the back problem is recorded."
    ) in last["detail"]


def test_without_an_evidence_card_gaps_are_told_on_the_first() -> None:
    assert "**Data gaps**" in detail(a_renderer(a_rule()), an_advice(a_plan(an_item()), gaps=GAPS))


def test_every_card_says_what_was_not_seen() -> None:
    situation = a_situation(facts=some_facts(not_provided=frozenset({"Procedure", "AllergyIntolerance"})))
    renderer = a_renderer(a_rule("yoga"), a_rule("massage"))
    plans = (a_plan(an_item("yoga")), a_plan(an_item("massage"), kind=CardKind.NON_DRUG))

    cards = answer_to(renderer, an_advice(*plans, situation=situation))["cards"]

    words = "Not seen, as it was not provided: AllergyIntolerance, Procedure."
    assert all(words in card["detail"] for card in cards)


def test_every_card_says_what_was_seen_in_part() -> None:
    gaps = (DataGap(code="incomplete", resource="Procedure"),)
    situation = a_situation(facts=some_facts(gaps=gaps))
    renderer = a_renderer(a_rule("yoga"), a_rule("massage"))
    plans = (a_plan(an_item("yoga")), a_plan(an_item("massage"), kind=CardKind.NON_DRUG))

    cards = answer_to(renderer, an_advice(*plans, situation=situation))["cards"]

    assert all("Only seen in part: Procedure." in card["detail"] for card in cards)


# --- override reasons ------------------------------------------------------------------------------


def test_override_reasons_are_the_common_ones_and_the_rules_own_each_once_other_last() -> None:
    rules = (
        a_rule("yoga", override_reasons=("not-available", "patient-preference")),
        a_rule("massage", override_reasons=("not-available", "not-tolerated")),
    )

    card = only_card(a_renderer(*rules), an_advice(a_plan(an_item("yoga"), an_item("massage"))))

    assert [reason["code"] for reason in card["overrideReasons"]] == [
        "patient-preference",
        "not-available",
        "not-tolerated",
        "other",
    ]
    assert card["overrideReasons"][0] == {
        "system": "urn:backpath:override-reason",
        "code": "patient-preference",
        "display": "Because patient-preference",
    }


# --- start -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (a_rule(override_reasons=("whim",)), "override reason 'whim' is unknown; allowed: not-available"),
        (a_rule(primary_source="vibes"), "primary_source 'vibes' is no source"),
        (a_rule(title="x" * 140), "the title must have fewer than 140 characters"),
        (a_rule(summary="{Date}"), "summary: a brace is no placeholder"),
        (a_rule(cautions=(a_check("{"),)), "age-65: a brace is no placeholder"),
        (a_rule(proposals=(a_proposal(order=a_service(priority="now")),)), "proposal 'main': priority 'now'"),
    ],
)
def test_knowledge_that_cannot_be_written_as_a_card_stops_the_start(rule: Any, told: str) -> None:
    with pytest.raises(KnowledgeError, match=f"rules/exercise-pt.yaml: {told}"):
        a_renderer(rule)


def test_a_source_without_a_web_address_gives_no_url() -> None:
    evidence: dict[str, Evidence] = {"guide": an_evidence(url="urn:backpath:seed")}

    card = only_card(a_renderer(a_rule(), evidence=evidence), an_advice(a_plan(an_item())))

    assert "url" not in card["source"]
