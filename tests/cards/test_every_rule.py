"""Every rule of the packaged knowledge can be written as a card."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest

from cards.markdown import LONGEST
from cards.order_drafts import OrderContext
from cards.recommendations import ProposalTemplate, recommendations
from cards.resources import Reference
from cards.wording import OWN_SOURCES, PUBLISHERS
from pathway.advice import ChartText, Value
from pathway.loading import load_knowledge
from pathway.values import FLAG_WORDS, PROBLEM_WORDS
from tests.pathway.making import TODAY

KNOWLEDGE = load_knowledge()
RULES = recommendations(KNOWLEDGE)
WORDINGS = [(rule.id, variant) for rule in RULES.values() for variant in rule.wordings]
PROPOSALS = [(rule.id, name) for rule in RULES.values() for name in rule.proposals]
CONTEXT = OrderContext(
    subject=Reference(reference="Patient/pat-1"),
    as_of=TODAY,
    reasons=(Reference(reference="Condition/c-1"),),
)
DATES = (
    "as_of", "onset_date", "pain_date", "odi_date", "last_esi", "first_esi", "earliest", "window_end",
    "closes", "cap_until", "imaging_date", "review_date", "date", "mi_date", "egfr_date", "inr_date",
    "platelets_date", "condition_date",
)  # fmt: skip


def longest_values() -> dict[str, Value]:
    """The longest values that a chart may plausibly give; chart words are cut at `LONGEST`."""
    drug = ChartText(text="x" * LONGEST)
    three_flags = sorted(FLAG_WORDS.values(), key=len)[-3:]
    known: dict[str, Value] = {
        "problem": max(PROBLEM_WORDS.values(), key=len),
        "flags": " and ".join(three_flags),
        "trials": "; ".join(["Skeletal muscle relaxant (since 2026-11-20, adequate on 2026-11-27)"] * 3),
        "at_least": "at least ",
        "esi_code": "64483",
        "session_dates": (date(2026, 9, 3), date(2026, 9, 28), date(2026, 10, 23)),
        "relief": Decimal("37.55"),
        "pain": Decimal("6.25"),
        "odi": Decimal("44.44"),
        "n": 3,
        "next_n": 3,
        "age": 104,
        "weeks": 1040,
        "days_since_esi": 365,
    }
    return defaultdict(lambda: drug, known | dict.fromkeys(DATES, TODAY))


class Complete(dict[str, Any]):
    """Values that never lack one: `get` asks the default, as the templates do."""

    def __init__(self, values: dict[str, Value]) -> None:
        super().__init__()
        self.values_of = values

    def get(self, key: str, default: object = None) -> Any:  # noqa: ARG002 - the mapping's own form
        return self.values_of[key]


VALUES = Complete(longest_values())


def proposal(rule: str, name: str) -> ProposalTemplate:
    return RULES[rule].proposals[name]


@pytest.mark.parametrize(("rule", "variant"), WORDINGS)
def test_every_summary_is_one_plain_line_under_140_characters(rule: str, variant: str | None) -> None:
    text = RULES[rule].wordings[variant].summary.filled(VALUES)

    assert 0 < len(text) < 140
    assert text.isprintable()


@pytest.mark.parametrize(("rule", "name"), PROPOSALS)
def test_every_proposal_is_a_valid_r4_order_for_this_patient(rule: str, name: str) -> None:
    body = msgspec.json.encode(proposal(rule, name).order.filled(VALUES, CONTEXT))

    kind = msgspec.json.decode(body)["resourceType"]
    model: Any = {"ServiceRequest": ServiceRequest, "MedicationRequest": MedicationRequest}[kind]
    order = model.model_validate_json(body)
    assert (order.status, order.intent) == ("draft", "order")
    assert order.subject.reference == "Patient/pat-1"
    assert order.authoredOn == TODAY
    assert [reason.reference for reason in order.reasonReference] == ["Condition/c-1"]
    assert order.id is None


@pytest.mark.parametrize(("rule", "name"), PROPOSALS)
def test_every_drug_is_coded_with_dose_timing_quantity_and_refills(rule: str, name: str) -> None:
    order = msgspec.json.decode(msgspec.json.encode(proposal(rule, name).order.filled(VALUES, CONTEXT)))

    if order["resourceType"] == "MedicationRequest":
        assert order["medicationCodeableConcept"]["coding"][0]["code"]
        for dosage in order["dosageInstruction"]:
            assert dosage["text"]
            assert dosage["doseAndRate"][0]["doseQuantity"]["value"] > 0
            assert dosage["timing"]["repeat"]["frequency"] > 0
        assert order["dispenseRequest"]["quantity"]["value"] > 0
        assert "numberOfRepeatsAllowed" in order["dispenseRequest"]
    else:
        assert order["occurrenceDateTime"]
        assert order["code"]["text"]


@pytest.mark.parametrize(("rule", "name"), PROPOSALS)
def test_every_proposal_has_a_short_label_and_says_more_in_its_description(rule: str, name: str) -> None:
    label = proposal(rule, name).label.filled(VALUES)
    description = proposal(rule, name).description.filled(VALUES)

    assert 0 < len(label) <= 80
    assert len(description) > len(label)
    assert "None" not in label + description


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_source_with_a_web_address_or_says_it_has_none(rule: str) -> None:
    source = RULES[rule].source

    assert source.label
    if source.url is None:
        assert KNOWLEDGE.rules[rule].primary_source in ("project", "seed")


@pytest.mark.parametrize("rule", [rule for rule in RULES if KNOWLEDGE.rules[rule].evidence.conflict])
def test_every_conflict_is_shown_in_two_columns(rule: str) -> None:
    evidence = RULES[rule].evidence

    forms = (*evidence.in_full_by_met.values(), *evidence.briefly_by_met.values())

    texts = [form.shown(set()) for form in forms]
    assert all(text.startswith(("| For | Against |", "| Against | For |")) for text in texts)


def test_every_publisher_with_a_short_name_is_a_source() -> None:
    assert set(PUBLISHERS) <= {source.publisher for source in KNOWLEDGE.evidence.values()}


def test_our_own_sources_are_in_the_knowledge() -> None:
    assert set(OWN_SOURCES) <= {source.url for source in KNOWLEDGE.evidence.values()}


@pytest.mark.parametrize(("rule", "variant"), WORDINGS)
def test_every_option_is_one_or_two_sentences(rule: str, variant: str | None) -> None:
    sentences = [text.filled(VALUES) for text in RULES[rule].wordings[variant].brief]

    assert 1 <= " ".join(sentences).count(". ") + 1 <= 3
    assert not any("A trial is adequate" in sentence for sentence in sentences)


def test_an_opioid_is_never_proposed_without_a_word_on_naloxone() -> None:
    """Of the drug card at most one suggestion may be taken, so naloxone cannot be taken beside it."""
    description = proposal("opioid-short-course", "tramadol-50").description.filled(VALUES)

    assert "offer naloxone" in description


def test_what_only_goes_with_an_order_says_that_it_carries_out_something_else() -> None:
    """Who takes the naloxone alone has not answered the opioid (R41)."""
    said = {
        (rule.id, name): proposal.extension.org_backpath
        for rule in RULES.values()
        for name, proposal in rule.proposals.items()
    }

    apart = {place: ids.carries_out for place, ids in said.items() if ids.answered != ids.recommendation}
    assert apart == {("opioid-short-course", "naloxone-spray"): "naloxone"}
    assert all(ids.recommendation == rule for (rule, _), ids in said.items())
