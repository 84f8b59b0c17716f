"""What was answered is not said again for a while; what is true stays so."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathway.advice import Advice, CardKind, Urgency
from pathway.errors import KnowledgeError
from pathway.evaluation import advise
from pathway.facts import Fact, Facts
from pathway.golden import facts_of
from pathway.golden_drafts import drafts_of
from pathway.guards import GuardAdvice, judge
from pathway.knowledge_check import problems_of
from pathway.loading import load_code_rows, load_golden, load_knowledge
from pathway.quiet_policy import By, Periods, Policy
from pathway.quieting import (
    ENCOUNTER,
    PATIENT_CAP,
    USER_CAP,
    Held,
    Item,
    Past,
    PastAnswer,
    Said,
    held,
    over_the_cap,
    without,
    without_warnings,
)
from pathway.rules import Mark, Quiet, QuietPeriod
from pathway.state import StateId

from .making import TODAY, condition, facts, injection, score
from .test_properties import MANY, PATIENTS

KNOWLEDGE = load_knowledge()
ROWS = load_code_rows()
FACTS, OTHER_FACTS = b"facts", b"other facts"
NAPROXEN, IBUPROFEN = b"naproxen", b"ibuprofen"
EVERY_REASON = sorted(KNOWLEDGE.quiet.periods)


def an_item(name: str = "exercise-pt", **changes: Any) -> Item:
    values: dict[str, Any] = {
        "id": name,
        "urgency": Urgency.ROUTINE,
        "card": 0,
        "fingerprints": frozenset({FACTS}),
    }
    return Item(**values | changes)


def a_guard(*codes: bytes, **changes: Any) -> Item:
    return an_item("nsaid-ckd", order_codes=frozenset(codes), **changes)


def an_answer(
    reason: str, *, days_ago: int = 0, of: str = "exercise-pt", by: bytes = FACTS, **changes: Any
) -> PastAnswer:
    code = changes.pop("code", None)
    values: dict[str, Any] = {
        "said": Said(recommendation=of, fingerprint=by, order_code=code),
        "reason": reason,
        "on": TODAY - timedelta(days_ago),
        "order": (-days_ago, 0, b""),
    }
    return PastAnswer(**values | changes)


def a_policy(**changes: Any) -> Policy:
    return Policy(**{"periods": Periods(knowledge=KNOWLEDGE.quiet)} | changes)


def nowhere(_: str) -> int:
    return 0


def considered(
    item: Item,
    *answers: PastAnswer,
    policy: Policy | None = None,
    today: date = TODAY,
    past: Mapping[str, Any] | None = None,
    place: Callable[[str], int] = nowhere,
) -> Held | None:
    remembered = Past(answers=answers, **past or {})
    return held([item], remembered, policy or a_policy(), today, place).get(0)


# --- answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", EVERY_REASON)
def test_every_answer_quiets_to_the_day(reason: str) -> None:
    days = KNOWLEDGE.quiet.periods[reason].days

    for elapsed in (0, 1, days - 1):
        kept = considered(an_item(), an_answer(reason, days_ago=elapsed))
        assert kept == Held(by=By.ANSWER, reason=reason, until=TODAY + timedelta(days - elapsed)), elapsed
    assert considered(an_item(), an_answer(reason, days_ago=days)) is None


def test_the_periods_named_by_the_project_are_in_the_knowledge() -> None:
    named = {"accepted": 30, "patient-preference": 90, "already-tried": 365, "other": 14}

    assert {reason: KNOWLEDGE.quiet.periods[reason].days for reason in named} == named


@pytest.mark.parametrize("reason", ["", "a-reason-of-the-site", "ACCEPTED"])
def test_a_reason_that_nobody_knows_counts_as_other(reason: str) -> None:
    kept = considered(an_item(), an_answer(reason, days_ago=13))

    assert kept == Held(by=By.ANSWER, reason="other", until=TODAY + timedelta(1))
    assert considered(an_item(), an_answer(reason, days_ago=14)) is None


def test_nothing_is_quiet_that_nobody_answered() -> None:
    assert considered(an_item()) is None
    assert considered(an_item(), an_answer("already-tried", of="massage")) is None


def test_changed_facts_are_shown() -> None:
    assert considered(an_item(), an_answer("already-tried", by=OTHER_FACTS)) is None


def test_facts_are_known_again_by_an_older_key() -> None:
    item = an_item(fingerprints=frozenset({FACTS, OTHER_FACTS}))

    assert considered(item, an_answer("other", by=OTHER_FACTS)) is not None


def test_what_is_urgent_is_never_quiet() -> None:
    assert considered(an_item(urgency=Urgency.URGENT), an_answer("already-tried")) is None
    assert considered(an_item(urgency=Urgency.CAUTION), an_answer("already-tried")) is not None


def test_a_guard_is_quiet_for_the_same_order_code_alone() -> None:
    answer = an_answer("other", of="nsaid-ckd", code=NAPROXEN)

    assert considered(a_guard(NAPROXEN), answer) is not None
    assert considered(a_guard(IBUPROFEN), answer) is None


def test_a_guard_of_an_order_without_a_code_is_always_shown() -> None:
    assert considered(a_guard(), an_answer("other", of="nsaid-ckd", code=None)) is None


def test_the_latest_of_several_answers_counts() -> None:
    accepted, preferred = an_answer("accepted", days_ago=20), an_answer("patient-preference", days_ago=40)

    for answers in ((accepted, preferred), (preferred, accepted)):
        kept = considered(an_item(), *answers)
        assert kept == Held(by=By.ANSWER, reason="accepted", until=TODAY + timedelta(10))


def test_a_later_shorter_answer_ends_an_earlier_longer_one() -> None:
    answers = (an_answer("already-tried", days_ago=40), an_answer("other", days_ago=20))

    assert considered(an_item(), *answers) is None


def test_answers_on_the_same_facts_count_together_whatever_key_they_were_written_by() -> None:
    item = an_item(fingerprints=frozenset({FACTS, OTHER_FACTS}))
    answers = (an_answer("already-tried", days_ago=40), an_answer("other", days_ago=20, by=OTHER_FACTS))

    assert considered(item, *answers) is None


def test_an_answer_to_other_facts_does_not_end_an_earlier_one() -> None:
    answers = (an_answer("already-tried", days_ago=40), an_answer("other", days_ago=20, by=OTHER_FACTS))

    assert considered(an_item(), *answers) is not None


def test_no_days_never_quiet() -> None:
    periods = Periods(knowledge=KNOWLEDGE.quiet, by_reason={"other": 0})

    assert considered(an_item(), an_answer("other"), policy=a_policy(periods=periods)) is None


def test_an_answer_of_a_later_day_quiets_as_well() -> None:
    """The zone of a site may change, and a clock run ahead by minutes over midnight."""
    assert considered(an_item(), an_answer("other", days_ago=-1)) is not None


def test_what_is_said_of_a_recommendation_goes_before_what_is_said_in_general() -> None:
    short = QuietPeriod(days=7, mark=Mark.PROJECT, note="short")
    long = QuietPeriod(days=100, mark=Mark.PROJECT, note="long")
    knowledge = Quiet(periods={"other": long, "accepted": long}, by_recommendation={"cbt": {"other": short}})
    site = Periods(
        knowledge=knowledge,
        by_reason={"other": 50, "accepted": 60},
        by_recommendation={"cbt": {"accepted": 3}},
    )

    assert site.days("massage", "other") == 50
    assert site.days("cbt", "other") == 7
    assert site.days("cbt", "accepted") == 3
    assert site.days("massage", "accepted") == 60
    assert site.longest == 100


def test_what_is_said_of_guards_goes_before_what_a_site_says_in_general() -> None:
    site = Periods(knowledge=KNOWLEDGE.quiet, guards=KNOWLEDGE.guards, by_reason={"accepted": 60})

    assert site.days("nsaid-ckd", "accepted") == 0
    assert site.days("nsaid", "accepted") == 60
    assert site.days("nsaid-ckd", "other") == KNOWLEDGE.quiet.periods["other"].days


def test_a_site_may_set_days_of_one_guard() -> None:
    site = Periods(
        knowledge=KNOWLEDGE.quiet, guards=KNOWLEDGE.guards, by_recommendation={"nsaid-ckd": {"accepted": 7}}
    )

    assert site.days("nsaid-ckd", "accepted") == 7
    assert site.days("nsaid-pregnancy", "accepted") == 0


# --- the knowledge ------------------------------------------------------------------------------------------


def quiet_problems(**changes: Any) -> list[str]:
    quiet = msgspec.structs.replace(KNOWLEDGE.quiet, **changes)
    return problems_of(msgspec.structs.replace(KNOWLEDGE, quiet=quiet), ROWS)


def test_every_override_reason_has_its_days() -> None:
    assert set(KNOWLEDGE.quiet.periods) == {"accepted", *KNOWLEDGE.override_reasons}
    assert all(period.note for period in KNOWLEDGE.quiet.periods.values())


def test_the_page_tells_the_days_of_the_knowledge() -> None:
    page = (Path(__file__).parents[2] / "docs" / "quieting.md").read_text(encoding="utf-8")

    told = {name: int(days) for name, days in re.findall(r"\| `([a-z-]+)` \| (\d+) ", page)}
    assert told == {name: period.days for name, period in KNOWLEDGE.quiet.periods.items()}
    for name, periods in KNOWLEDGE.quiet.by_recommendation.items():
        for reason, period in periods.items():
            assert re.search(rf"`{reason}`[^;]* {period.days} [^;.]*`{name}`", page), (name, reason)
    assert {name: period.days for name, period in KNOWLEDGE.quiet.guards.items()} == {"accepted": 0}
    assert "| a guard's suggestion accepted | nothing" in page


def test_a_reason_without_days_is_a_fault() -> None:
    periods = {name: period for name, period in KNOWLEDGE.quiet.periods.items() if name != "other"}

    assert quiet_problems(periods=periods) == ["quiet.yaml: periods: the answer 'other' is missing"]


def test_days_for_what_does_not_exist_are_a_fault() -> None:
    period = KNOWLEDGE.quiet.periods["other"]

    (unknown,) = quiet_problems(by_recommendation={"no-such": {"other": period}})
    (of_guards,) = quiet_problems(guards={"acepted": period})
    (misspelt,) = quiet_problems(by_recommendation={"nsaid-ckd": {"othr": period}})

    assert unknown == "quiet.yaml: by_recommendation: no-such: no such recommendation or guard"
    assert of_guards.startswith("quiet.yaml: guards: no such word 'acepted'")
    assert misspelt.startswith("quiet.yaml: by_recommendation: nsaid-ckd: no such word 'othr'")


# --- caps ---------------------------------------------------------------------------------------------------

CARDS = [an_item(f"r{number}", card=number // 2) for number in range(6)]  # three cards of two


def capped(items: list[Item], *, user: int = 0, patient: int = 0, **caps: int) -> dict[str, str]:
    past = Past(cards_of_user=user, cards_of_patient=patient)
    return {items[place].id: why.reason for place, why in over_the_cap(items, past, a_policy(**caps)).items()}


def test_without_a_cap_all_is_shown() -> None:
    assert capped(CARDS, user=10_000, patient=10_000) == {}


def test_the_last_cards_are_over_the_cap() -> None:
    over = {"r2": PATIENT_CAP, "r3": PATIENT_CAP, "r4": PATIENT_CAP, "r5": PATIENT_CAP}

    assert capped(CARDS, cards_per_patient=5, patient=4) == over
    assert capped(CARDS, cards_per_patient=5, patient=2) == {}
    assert set(capped(CARDS, cards_per_patient=5, patient=9)) == {item.id for item in CARDS}


def test_the_narrower_cap_counts() -> None:
    kept = capped(CARDS, cards_per_patient=3, patient=1, cards_per_user=10, user=9)

    assert kept == {"r2": USER_CAP, "r3": USER_CAP, "r4": USER_CAP, "r5": USER_CAP}


def test_what_is_urgent_passes_a_cap() -> None:
    items = [*CARDS[:4], an_item("urgent", card=2, urgency=Urgency.URGENT), CARDS[5]]

    kept = capped(items, cards_per_patient=1, patient=1)

    assert set(kept) == {"r0", "r1", "r2", "r3", "r5"}


def test_once_in_an_encounter_is_by_setting() -> None:
    shown = {"in_encounter": (Said(recommendation="exercise-pt", fingerprint=FACTS),)}
    once = a_policy(once_per_encounter=True)

    assert considered(an_item(), past=shown) is None
    assert considered(an_item(), past=shown, policy=once) == Held(by=By.CAP, reason=ENCOUNTER)
    assert considered(an_item("massage"), past=shown, policy=once) is None
    assert considered(an_item(fingerprints=frozenset({OTHER_FACTS})), past=shown, policy=once) is None
    assert considered(an_item(urgency=Urgency.URGENT), past=shown, policy=once) is None


# --- shadow and roll-out ------------------------------------------------------------------------------------


def test_in_the_shadow_nothing_is_shown_not_even_what_is_urgent() -> None:
    for urgency in Urgency:
        kept = considered(an_item(urgency=urgency), policy=a_policy(shadow=True))
        assert kept == Held(by=By.SHADOW, reason="shadow")


def test_single_recommendations_may_stand_in_the_shadow() -> None:
    policy = a_policy(shadow_of=frozenset({"massage"}))

    assert considered(an_item("massage"), policy=policy) == Held(by=By.SHADOW, reason="shadow")
    assert considered(an_item("exercise-pt"), policy=policy) is None


@pytest.mark.parametrize(
    ("percent", "shown"), [(0, range(0)), (1, range(1)), (40, range(40)), (99, range(99)), (100, range(100))]
)
def test_a_share_of_the_patients_is_shown_the_cards(percent: int, shown: range) -> None:
    policy = a_policy(rollout=percent)

    inside = [
        number
        for number in range(100)
        if considered(an_item(), policy=policy, place=lambda _, number=number: number) is None  # type: ignore[misc]
    ]

    assert inside == list(shown)


def test_a_recommendation_may_have_a_roll_out_of_its_own() -> None:
    policy = a_policy(rollout=0, rollout_of={"massage": 50})
    places = {"": 0, "massage": 49}

    assert considered(an_item("massage"), policy=policy, place=places.__getitem__) is None
    assert considered(an_item("cbt"), policy=policy, place=places.__getitem__) == Held(
        by=By.CONTROL, reason="control"
    )


# --- planning anew ------------------------------------------------------------------------------------------

WINDOW = facts(condition("radicular", onset=-150), injection(-20), score("7", -25), score("6", -3))
SYMPTOM = condition("cauda-equina-symptom", role="emergency", code="R339")
UNDATED = facts(condition("lbp-axial", onset=-20), SYMPTOM)


def ids(advice: Advice) -> list[list[str]]:
    return [[item.id for item in card.items] for card in advice.cards]


def places(advice: Advice, *names: str) -> list[int]:
    every = [item.id for card in advice.cards for item in card.items]
    return [place for place, name in enumerate(every) if not names or name in names]


def test_without_anything_held_the_advice_is_the_same() -> None:
    advice = advise(WINDOW, KNOWLEDGE)

    assert without(advice, [], KNOWLEDGE) is advice


def test_the_state_card_is_led_by_what_comes_next() -> None:
    advice = advise(WINDOW, KNOWLEDGE)
    first, second = [item.id for card in in_order(advice) for item in card][:2]

    left = without(advice, places(advice, first), KNOWLEDGE)

    assert left.cards[0].kind is CardKind.STATE
    assert left.cards[0].items[0].id == second
    assert first not in [name for card in ids(left) for name in card]


def in_order(advice: Advice) -> list[list[Any]]:
    listed = [candidate.id for candidate in KNOWLEDGE.states[advice.situation.state].candidates]
    return [sorted((i for card in advice.cards for i in card.items), key=lambda item: listed.index(item.id))]


def test_what_is_true_stays() -> None:
    advice = advise(WINDOW, KNOWLEDGE)

    left = without(advice, places(advice), KNOWLEDGE)

    assert left.cards == ()
    assert left.notes == ()
    assert (left.situation, left.gaps, left.withheld) == (advice.situation, advice.gaps, advice.withheld)


def test_an_undated_symptom_is_said_where_all_else_is_quiet() -> None:
    advice = advise(UNDATED, KNOWLEDGE)
    assert advice.situation.undated_symptoms

    left = without(advice, places(advice), KNOWLEDGE)

    assert ids(left) == [["re-evaluate-diagnosis"]]
    assert left.notes == advice.notes
    assert any("symptom" in note.values for note in left.notes)


def test_it_is_said_too_where_its_own_card_was_answered() -> None:
    advice = without(advise(UNDATED, KNOWLEDGE), places(advise(UNDATED, KNOWLEDGE)), KNOWLEDGE)

    assert ids(without(advice, [0], KNOWLEDGE)) == [["re-evaluate-diagnosis"]]


def test_in_the_shadow_it_is_not_said_either() -> None:
    advice = advise(UNDATED, KNOWLEDGE)

    assert without(advice, places(advice), KNOWLEDGE, may_review=False).cards == ()


@MANY
@given(PATIENTS, st.data())
def test_whatever_is_held_the_rest_is_planned_as_if_it_were_all(
    pieces: list[Fact], data: st.DataObject
) -> None:
    advice = advise(facts(*pieces), KNOWLEDGE)
    every = [item.id for card in advice.cards for item in card.items]
    kept_back = data.draw(st.sets(st.sampled_from(range(len(every))) if every else st.nothing()))

    left = without(advice, kept_back, KNOWLEDGE)

    shown = [item.id for card in left.cards for item in card.items]
    expected = [name for place, name in enumerate(every) if place not in kept_back]
    assert sorted(shown) == sorted(expected) or shown == ["re-evaluate-diagnosis"]
    assert [card.kind for card in left.cards] == sorted(
        {card.kind for card in left.cards}, key=list(CardKind).index
    )
    assert not left.cards or left.cards[0].kind is CardKind.STATE
    marked = [item for card in left.cards for item in card.items if item.recommended]
    assert len(marked) <= 1
    assert all(item in left.cards[0].items for item in marked)


@MANY
@given(PATIENTS)
def test_planned_anew_without_a_reason_nothing_moves(pieces: list[Fact]) -> None:
    advice = advise(facts(*pieces), KNOWLEDGE)
    beyond = sum(len(card.items) for card in advice.cards)

    assert without(advice, [beyond], KNOWLEDGE) == advice


def test_in_an_emergency_there_is_one_card_or_none() -> None:
    known = facts(condition("lbp-axial", onset=-20), condition("cauda-equina", role="emergency"))
    advice = advise(known, KNOWLEDGE)
    assert advice.situation.state is StateId.RED_FLAG_EMERGENCY

    assert without(advice, [99], KNOWLEDGE) == advice
    assert without(advice, [0], KNOWLEDGE).cards == ()


def test_the_guards_that_are_left_keep_their_order_and_their_drafts() -> None:
    advice = next(found for found in guarded() if len(found.warnings) >= 3)

    left = without_warnings(advice, [1])

    assert left.warnings == (advice.warnings[0], *advice.warnings[2:])
    assert left.situation is advice.situation
    assert without_warnings(advice, []) is advice


def guarded() -> list[GuardAdvice]:
    cases = [case for found in load_golden().values() for case in found if case.given.drafts]
    return [
        judge(facts_of(c.given, c.as_of, ROWS), drafts_of(c.given, c.as_of, ROWS), KNOWLEDGE) for c in cases
    ]


def test_days_of_quiet_are_bounded() -> None:
    with pytest.raises(msgspec.ValidationError, match="3650"):
        msgspec.convert({"days": 3651, "mark": "P", "note": "x"}, QuietPeriod)


def test_a_knowledge_folder_without_quiet_days_is_refused(tmp_path: Any) -> None:
    with pytest.raises(KnowledgeError):
        load_knowledge(tmp_path)


def test_facts_are_never_touched() -> None:
    before: Facts = WINDOW

    advice = advise(before, KNOWLEDGE)
    left = without(advice, places(advice), KNOWLEDGE)

    assert left.situation.facts is before
