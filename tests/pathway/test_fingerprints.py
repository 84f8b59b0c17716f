"""A fingerprint changes when the facts that led to advice do, and by nothing else."""

import random
from collections.abc import Mapping
from datetime import timedelta

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pathway.advice import Advice, Advised
from pathway.evaluation import advise
from pathway.facts import Fact, Facts, ImagingFact, Instrument, OperationFact, Outcome
from pathway.fingerprints import PASSING, Fingerprints
from pathway.golden import GoldenCase, facts_of
from pathway.golden_drafts import drafts_of
from pathway.guard_registry import GUARD_CHECKS
from pathway.guards import GuardAdvice, judge
from pathway.loading import load_code_rows, load_golden, load_knowledge
from pathway.values import COMMON

from .making import condition, day, drug, facts, injection, score, source, therapy
from .test_properties import MANY, PATIENTS

KNOWLEDGE = load_knowledge()
ROWS = load_code_rows()
CASES: tuple[GoldenCase, ...] = tuple(case for cases in load_golden().values() for case in cases)
GUARDED = [case for case in CASES if case.given.drafts]
RADICULAR = condition("radicular", onset=-150)
IN_SERIES = (RADICULAR, injection(-20), score("7", -25), score("6", -3))


def prints(advice: Advice) -> dict[str, bytes]:
    """By recommendation."""
    maker = Fingerprints(advice.situation)
    return {item.id: maker.of_advised(item) for card in advice.cards for item in card.items}


def of(*pieces: Fact, **more: object) -> dict[str, bytes]:
    return prints(advise(facts(*pieces, **more), KNOWLEDGE))


def later(known: Facts, days: int) -> Facts:
    return msgspec.structs.replace(known, as_of=known.as_of + timedelta(days))


def same_advice(one: Advice, other: Advice) -> list[str]:
    """The recommendations that say the same on both days, their dates and counts aside."""
    if one.situation.state is not other.situation.state:
        return []
    before = {item.id: spoken(item) for card in one.cards for item in card.items}
    after = {item.id: spoken(item) for card in other.cards for item in card.items}
    return [name for name, said in before.items() if after.get(name) == said]


def spoken(item: Advised) -> tuple[object, ...]:
    lines = [
        (line.text, {name: value for name, value in line.values.items() if name not in {*PASSING, *COMMON}})
        for line in (*item.cautions, *item.blockers)
    ]
    return item.variant, item.urgency, item.proposals, lines


@MANY
@given(PATIENTS, st.integers(1, 400))
def test_the_passing_of_time_changes_no_fingerprint_of_the_same_advice(pieces: list[Fact], days: int) -> None:
    known = facts(*pieces)
    today, then = advise(known, KNOWLEDGE), advise(later(known, days), KNOWLEDGE)
    same = same_advice(today, then)
    assume(same)

    before, after = prints(today), prints(then)

    assert {name: before[name] for name in same} == {name: after[name] for name in same}


@pytest.mark.parametrize("days", [1, 13, 30, 61, 90, 200, 366])
def test_the_passing_of_time_changes_no_golden_patient(days: int) -> None:
    compared = 0
    for case in CASES:
        known = facts_of(case.given, case.as_of, ROWS)
        today, then = advise(known, KNOWLEDGE), advise(later(known, days), KNOWLEDGE)
        before, after = prints(today), prints(then)
        for name in same_advice(today, then):
            assert before[name] == after[name], (case.name, name)
            compared += 1

    assert compared > 100


@MANY
@given(PATIENTS, st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_no_fingerprint(pieces: list[Fact], shuffler: random.Random) -> None:
    shuffled = list(pieces)
    shuffler.shuffle(shuffled)

    assert of(*pieces) == of(*shuffled)


@MANY
@given(PATIENTS)
def test_facts_that_came_twice_change_no_fingerprint(pieces: list[Fact]) -> None:
    assert of(*pieces) == of(*pieces, *pieces)


@MANY
@given(PATIENTS)
def test_unrelated_facts_change_no_fingerprint(pieces: list[Fact]) -> None:
    unrelated = [condition("depression", onset=-50), drug("acetaminophen", "acetaminophen", start=-10)]

    assert of(*pieces) == of(*pieces, *unrelated)


@pytest.mark.parametrize(
    "news",
    [
        score("8", -1),
        score("44", -1, Instrument.ODI),
        therapy("exercise-pt", -60, -10),
        drug("nsaid", "naproxen", daily="1000", start=-5, supply=10, status="completed"),
        condition("osteoporosis"),
        condition("lbp-axial", onset=-400),
        condition("chronic-pain-marker"),
        injection(-34),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_news_on_the_pathway_changes_every_fingerprint(news: Fact) -> None:
    before, after = of(*IN_SERIES), of(*IN_SERIES, news)

    assert before.keys() & after.keys()
    assert [name for name in before.keys() & after.keys() if before[name] == after[name]] == []


@pytest.mark.parametrize(
    "news",
    [
        {"imaging": (ImagingFact(modality="mri-lumbar", on=day(-5), source=source()),)},
        {"operations": (OperationFact(concept="lumbar-fusion", on=day(-200), source=source()),)},
    ],
    ids=["imaging", "operation"],
)
def test_a_study_or_an_operation_changes_every_fingerprint(news: Mapping[str, object]) -> None:
    before, after = of(*IN_SERIES), of(*IN_SERIES, **news)

    assert before.keys() == after.keys()
    assert [name for name in before if before[name] == after[name]] == []


def test_a_recorded_response_changes_the_fingerprint() -> None:
    first = injection(-20)
    helped = injection(-20, outcome=Outcome.PARTIAL)

    assert of(RADICULAR, first)["esi-repeat"] != of(RADICULAR, helped)["esi-repeat"]


def test_the_same_score_measured_again_changes_nothing() -> None:
    assert of(*IN_SERIES) == of(*IN_SERIES, score("6", -1))


def test_a_further_session_of_a_therapy_under_way_changes_nothing() -> None:
    course = (condition("lbp-axial", onset=-50), therapy("exercise-pt", -10), therapy("exercise-pt", -7))

    assert of(*course) == of(*course, therapy("exercise-pt", -3))


def test_a_new_caution_changes_its_recommendation_and_no_other() -> None:
    patient = (condition("lbp-axial", onset=-20),)

    before, after = of(*patient), of(*patient, drug("antiplatelet", "clopidogrel", start=-300))

    changed = {name for name in before if before[name] != after.get(name)}
    assert "nsaid" in changed
    assert "exercise-pt" not in changed


def test_what_is_withheld_because_nothing_was_seen_changes_no_other_fingerprint() -> None:
    """A server that is away for an hour is no news about the patient."""
    patient = (condition("lbp-axial", onset=-20),)

    seen, unseen = of(*patient), of(*patient, not_provided=frozenset({"ImagingStudy", "ServiceRequest"}))

    assert seen == unseen


def test_a_caution_that_comes_with_time_is_no_news() -> None:
    """The usual window of a repeat passes, and the card says so; nothing has happened to the patient."""
    known = facts(*IN_SERIES)
    today, then = advise(known, KNOWLEDGE), advise(later(known, 30), KNOWLEDGE)
    assert cautions(today, "esi-repeat") != cautions(then, "esi-repeat")

    assert prints(today)["esi-repeat"] == prints(then)["esi-repeat"]


def test_medicines_that_were_not_seen_this_time_are_no_news() -> None:
    patient = (condition("lbp-axial", onset=-200), condition("osteoporosis"))

    seen = of(*patient)
    unseen = of(*patient, not_provided=frozenset({"MedicationRequest"}))

    assert {name: seen[name] for name in unseen} == unseen


def cautions(advice: Advice, name: str) -> list[str]:
    items = [item for card in advice.cards for item in card.items if item.id == name]
    return [line.text for item in items for line in item.cautions]


def guards_of(case: GoldenCase, days: int = 0) -> tuple[GuardAdvice, dict[tuple[str, int], bytes]]:
    moved = msgspec.structs.replace(case, as_of=case.as_of + timedelta(days))
    known = later(facts_of(case.given, case.as_of, ROWS), days)
    advice = judge(known, drafts_of(case.given, moved.as_of, ROWS), KNOWLEDGE)
    maker = Fingerprints(advice.situation)
    return advice, {(w.id, w.draft): maker.of_warned(w) for w in advice.warnings}


@pytest.mark.parametrize("days", [1, 13, 30])
def test_the_passing_of_time_changes_no_guard_that_says_the_same(days: int) -> None:
    compared = 0
    for case in GUARDED:
        today, before = guards_of(case)
        then, after = guards_of(case, days)
        said = {(w.id, w.draft): findings(w.id, w.level, w.values) for w in today.warnings}
        for warned in then.warnings:
            key = (warned.id, warned.draft)
            if said.get(key) == findings(warned.id, warned.level, warned.values):
                assert before[key] == after[key], (case.name, warned.id)
                compared += 1

    assert compared > 100


def findings(guard: str, level: str, values: Mapping[str, object]) -> tuple[object, ...]:
    return level, [values.get(name) for name in GUARD_CHECKS[guard].values if name not in PASSING]


def test_every_value_that_passes_is_a_value() -> None:
    """A misspelt name would let time change a fingerprint unseen."""
    every = {*COMMON, "order_day", *(name for check in GUARD_CHECKS.values() for name in check.values)}

    assert PASSING - every == set()


def test_what_a_guard_offers_instead_is_no_fact_of_it() -> None:
    case = next(c for c in GUARDED if guards_of(c)[0].warnings and guards_of(c)[0].warnings[0].actions)
    advice, before = guards_of(case)
    warned = advice.warnings[0]

    bare = msgspec.structs.replace(warned, actions=(), ref="MedicationRequest/another")

    assert Fingerprints(advice.situation).of_warned(bare) == before[warned.id, warned.draft]
