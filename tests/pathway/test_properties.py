"""What no example can say: properties of the decision over many patients."""

import random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathway.advice import Advice
from pathway.checks import Check
from pathway.evaluation import CHECKS, advise
from pathway.facts import DataGap, Fact, Facts, Instrument
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_knowledge
from pathway.picture import Picture
from pathway.state import StateId
from pathway.verdict import Verdict

from .making import condition, drug, facts, injection, score, therapy

KNOWLEDGE = load_knowledge()
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DAYS = st.integers(min_value=-400, max_value=0)
BACK = st.sampled_from(["lbp-axial", "radicular", "spinal-stenosis"])
FACTORS = st.sampled_from(
    [
        "heart-failure",
        "gi-bleed-ulcer",
        "ckd-4-5",
        "ckd-3",
        "pregnancy",
        "osteoporosis",
        "neurogenic-claudication",
        "chronic-pain-marker",
        "opioid-use-disorder",
        "sleep-apnea",
        "cardiac-rhythm",
        "active-infection",
        "suicidal-ideation",
        "angle-closure-glaucoma",
    ]
)
DRUGS = st.sampled_from(
    [
        ("nsaid", "naproxen"),
        ("muscle-relaxant", "cyclobenzaprine"),
        ("snri-duloxetine", "duloxetine"),
        ("gabapentinoid", "gabapentin"),
        ("opioid", "oxycodone"),
        ("anticoagulant", "apixaban"),
        ("benzodiazepine", "alprazolam"),
        ("ssri", "sertraline"),
        ("maoi", "phenelzine"),
    ]
)
MODALITIES = st.sampled_from(["exercise-pt", "acupuncture", "massage", "cbt", "yoga", "manual-therapy"])
PIECES = st.one_of(
    st.builds(lambda c, d: condition(c, onset=d), BACK, DAYS),
    st.builds(lambda c, d: condition(c, recorded=d), FACTORS, DAYS),
    st.builds(
        lambda d, start, active: drug(
            *d, daily="1000", start=start, status="active" if active else "completed"
        ),
        DRUGS,
        DAYS,
        st.booleans(),
    ),
    st.builds(
        lambda m, first, long: therapy(m, first, min(0, first + long)), MODALITIES, DAYS, st.integers(0, 60)
    ),
    st.builds(injection, DAYS),
    st.builds(lambda v, d: score(str(v), d), st.integers(0, 10), DAYS),
    st.builds(lambda v, d: score(str(v), d, Instrument.EGFR), st.integers(5, 110), DAYS),
)
PATIENTS = st.lists(PIECES, max_size=14)


def said(advice: Advice) -> dict[str, object]:
    """What is said, without the sources that tell where it is from."""
    return {
        "state": advice.situation.state,
        "cards": [
            (c.kind, [(i.id, i.variant, i.proposals, i.recommended) for i in c.items]) for c in advice.cards
        ],
        "withheld": sorted((w.id, w.by) for w in advice.withheld),
        "gaps": sorted(g.code for g in advice.gaps),
    }


def decide(pieces: list[Fact]) -> dict[str, object]:
    return said(advise(facts(*pieces), KNOWLEDGE))


@MANY
@given(PATIENTS, st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_nothing(pieces: list[Fact], shuffler: random.Random) -> None:
    shuffled = list(pieces)
    shuffler.shuffle(shuffled)

    assert decide(pieces) == decide(shuffled)


@MANY
@given(PATIENTS)
def test_the_same_facts_twice_change_nothing(pieces: list[Fact]) -> None:
    assert decide(pieces) == decide([*pieces, *pieces])


@MANY
@given(PATIENTS)
def test_unrelated_facts_change_nothing(pieces: list[Fact]) -> None:
    unrelated = [condition("diabetes", onset=-50), drug("acetaminophen", "acetaminophen", start=-10)]

    assert decide(pieces) == decide([*pieces, *unrelated])


@MANY
@given(PATIENTS)
def test_every_patient_has_one_state_and_at_most_five_cards(pieces: list[Fact]) -> None:
    advice = advise(facts(*pieces), KNOWLEDGE)

    shown = [item.id for card in advice.cards for item in card.items]
    assert advice.situation.state in StateId
    assert len(advice.cards) <= 5
    assert len(shown) == len(set(shown))
    assert sum(item.recommended for card in advice.cards for item in card.items) <= 1


@MANY
@given(PATIENTS)
def test_seeing_a_part_of_the_record_never_flips_a_settled_verdict(pieces: list[Fact]) -> None:
    known = facts(*pieces)
    unseen = frozenset({"Condition", "MedicationRequest", "AllergyIntolerance", "Procedure"})
    blind = Picture(msgspec.structs.replace(known, not_provided=unseen), KNOWLEDGE, CHECKS)
    seeing = Picture(known, KNOWLEDGE, CHECKS)

    for name, of in asked(KNOWLEDGE):
        before, after = blind.ask(name, of).verdict, seeing.ask(name, of).verdict
        # About the unseen itself the answer does change: that is its question.
        if name != "medications-not-provided":
            assert before in (after, Verdict.UNKNOWN), (name, of)


@MANY
@given(PATIENTS, PIECES)
def test_a_verdict_that_one_more_fact_settles_names_its_sources(pieces: list[Fact], more: Fact) -> None:
    before = Picture(facts(*pieces), KNOWLEDGE, CHECKS)
    after = Picture(facts(*pieces, more), KNOWLEDGE, CHECKS)

    for name, of in asked(KNOWLEDGE):
        if name not in BY_SOURCES:
            continue
        found = after.ask(name, of)
        if found.verdict is Verdict.MET and before.ask(name, of).verdict is not Verdict.MET:
            assert found.sources, (name, of)


# checks that answer from recorded facts; the others answer from what is derived or missing
BY_SOURCES = frozenset(
    {
        "allergy",
        "anticoagulant",
        "antiplatelet",
        "cabg-ever",
        "ckd-moderate",
        "ckd-severe",
        "condition",
        "condition-ever",
        "drug-active",
        "fracture",
        "maoi-recent",
        "myocardial-infarction-recent",
        "pain-severe",
        "pregnancy",
        "serotonergic",
    }
)


def asked(knowledge: KnowledgeBase) -> set[tuple[str, tuple[str, ...]]]:
    """Every check as the rules ask it."""
    return {
        (use.check, use.of)
        for rule in knowledge.rules.values()
        for use in (*rule.show_if, *rule.durations, *rule.contraindications, *rule.cautions, *rule.blockers)
    }


def test_every_check_of_the_vocabulary_answers_for_an_empty_record() -> None:
    picture = Picture(facts(), KNOWLEDGE, CHECKS)
    words = {
        "concepts": ("heart-failure",),
        "drug classes": ("nsaid",),
        "ingredients": ("pregabalin",),
        "problems": ("axial",),
        "durations": ("chronic",),
        "red flags": ("cauda-equina",),
    }

    def ask(check: Check) -> Verdict:
        return picture.ask(check.name, words[check.takes] if check.takes else ()).verdict

    assert {ask(check) for check in CHECKS.values()} <= set(Verdict)


@pytest.mark.parametrize("missing", ["Condition", "MedicationRequest", "AllergyIntolerance"])
def test_no_drug_is_the_best_next_step_where_a_part_of_the_record_was_not_seen(missing: str) -> None:
    cord = [
        condition("spinal-cord-injury", role="problem-part"),
        condition("neuropathic-pain", role="problem-part"),
    ]
    seen: Facts = facts(*cord, score("5", -2))
    unseen = msgspec.structs.replace(seen, not_provided=frozenset({missing}))
    a_page_short = msgspec.structs.replace(seen, gaps=(DataGap(code="incomplete", resource=missing),))

    def marked(given_facts: Facts) -> list[str]:
        advice = advise(given_facts, KNOWLEDGE)
        return [item.id for card in advice.cards for item in card.items if item.recommended]

    assert marked(seen) == ["pregabalin-sci"]
    assert marked(unseen) == []
    assert marked(a_page_short) == []
