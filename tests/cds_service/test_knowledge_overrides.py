"""A site's changes on cards, at the terminal, and for the operator."""

from datetime import date
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any

import pytest

from cards.guard_cards import GuardRenderer
from cards.rendering import Renderer
from cards.wire import Answer, Card
from cds_service.decision import Decision
from cds_service.knowledge_view import show
from cds_service.reading import print_decision
from pathway.codelists import CONDITION_FILES
from pathway.errors import KnowledgeError
from pathway.evaluation import advise
from pathway.golden import GoldenCase, facts_of
from pathway.golden_drafts import drafts_of
from pathway.guards import judge
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_code_rows, load_golden, load_knowledge
from pathway.overrides import Override, overridden

KNOWLEDGE = load_knowledge()
ROWS = load_code_rows()
FEW_ROWS = tuple(row for row in ROWS if row.file in (*CONDITION_FILES, "medications-ingredients.csv"))
GOLDEN = load_golden()
CASES = {case.name: case for cases in GOLDEN.values() for case in cases}
OF_INJECTIONS = [
    case
    for file, cases in GOLDEN.items()
    for case in cases
    if "esi-" in file or (case.expect.state or "").startswith("esi-")
]
SETTING = "Local setting (Spine board, 2026-10-01): Least days between two injections: 21 days instead of 14"


def change(**what: Any) -> Override:
    known: dict[str, Any] = {"by": "Spine board", "on": date(2026, 10, 1), "why": "Agreed with the payers"}
    return Override(**(known | what))


def number(name: str, value: object) -> Override:
    return change(threshold=name, value=Decimal(str(value)))


@cache
def site(*overrides: Override) -> KnowledgeBase:
    return overridden(KNOWLEDGE, overrides, ROWS)


@cache
def renderers(knowledge: KnowledgeBase) -> tuple[Renderer, GuardRenderer]:
    return Renderer(knowledge), GuardRenderer(knowledge)


def decided(case: GoldenCase, knowledge: KnowledgeBase) -> Decision:
    """Of a case with draft orders what is said of those, else what is said at chart open."""
    facts = facts_of(case.given, case.as_of, FEW_ROWS)
    uuids = map(str, count())
    renderer, guard_renderer = renderers(knowledge)
    if not case.given.drafts:
        advice = advise(facts, knowledge)
        return Decision(advice, renderer.answer(advice, uuids.__next__))
    judged = judge(facts, drafts_of(case.given, case.as_of, FEW_ROWS), knowledge)
    drafts: list[Any] = [{} for _ in case.given.drafts]
    return Decision(judged, guard_renderer.answer(judged, drafts, "order-sign", uuids.__next__))


def answer(case: str, *overrides: Override) -> Answer:
    return decided(CASES[case], site(*overrides) if overrides else KNOWLEDGE).answer


def card_of(found: Answer, name: str) -> Card:
    return next(c for c in found.cards if name in c.extension.org_backpath.recommendations)


TOO_EARLY = "Too early: day 13 is one short"


def test_the_answer_names_the_knowledge_with_its_changes() -> None:
    found = answer(TOO_EARLY, number("esi-min-gap-days", 21))

    version = found.extension.org_backpath.knowledge_version
    assert version == site(number("esi-min-gap-days", 21)).version
    assert version.startswith(f"{KNOWLEDGE.version}.local-")


def test_a_card_with_a_local_number_says_that_it_is_local() -> None:
    card = card_of(answer(TOO_EARLY, number("esi-min-gap-days", 21)), "esi-too-early")

    assert f"\n- {SETTING}" in card.detail


def test_a_card_without_local_numbers_says_nothing_of_the_kind() -> None:
    assert all("Local" not in card.detail.replace("Local limits", "") for card in answer(TOO_EARLY).cards)


def test_a_card_of_several_recommendations_says_it_once() -> None:
    changed = site(number("esi-min-gap-days", 21))
    details = [c.detail for case in OF_INJECTIONS for c in decided(case, changed).answer.cards]

    assert {detail.count(SETTING) for detail in details} == {0, 1}


@pytest.mark.parametrize("name", ["esi-first", "exercise-pt", "outcome-scores", "evidence-limits", "cbt"])
def test_a_local_sentence_stands_on_every_card_that_carries_its_recommendation(name: str) -> None:
    changed = site(change(text=name, says="Ask for Ms O'Neil & team (ext. 12)."))
    sentence = "Local note (Spine board, 2026-10-01): Ask for Ms O'Neil & team (ext. 12)."
    seen = 0
    for case in OF_INJECTIONS:
        if case.given.drafts:
            continue
        for card in decided(case, changed).answer.cards:
            carries = name in card.extension.org_backpath.recommendations
            assert card.detail.count(sentence) == int(carries), case.name
            seen += carries
    assert seen


def test_a_local_sentence_stands_on_the_card_of_its_guard() -> None:
    found = answer(TOO_EARLY, change(text="esi-too-early", says="Book through the spine clinic."))

    told = "- Local note (Spine board, 2026-10-01): Book through the spine clinic."
    assert told in card_of(found, "esi-too-early").detail
    assert [c.detail.count("Local note") for c in found.cards].count(1) == 1


BOUNDS = [
    pytest.param(name, bound, id=f"{name} {bound}")
    for name, threshold in KNOWLEDGE.thresholds.items()
    for bound in (threshold.minimum, threshold.maximum)
    if bound is not None and bound != threshold.on(date(2026, 11, 22))
]
COMPANIONS = {
    "esi-min-gap-days": "esi-usual-gap-days",
    "esi-usual-gap-days": "esi-min-gap-days",
    "esi-rolling-cap": "esi-series-size",
}


@pytest.mark.parametrize(("name", "bound"), BOUNDS)
def test_every_text_is_whole_with_a_number_at_its_bound(name: str, bound: Decimal) -> None:
    overrides = [number(name, bound)]
    companion = COMPANIONS.get(name)
    if companion and KNOWLEDGE.thresholds[companion].on(date(2026, 11, 22)) != bound:
        overrides.append(number(companion, bound))
    changed = site(*overrides)

    cards = [card for case in OF_INJECTIONS for card in decided(case, changed).answer.cards]

    assert cards
    for card in cards:
        assert len(card.summary) < 140
        described = [a.description for s in card.suggestions for a in s.actions]
        labels = [s.label for s in card.suggestions]
        assert "{" not in "".join([card.summary, card.detail, *described, *labels])


def test_words_dates_and_orders_follow_the_number() -> None:
    case = next(c for c in OF_INJECTIONS if "esi-wait" in c.expect.show and not c.expect.variant)

    card = card_of(decided(case, site(number("esi-min-gap-days", 21))).answer, "esi-wait")

    said = card.detail + "".join(a.description for s in card.suggestions for a in s.actions)
    assert "The least gap is 21 days" in said
    assert "3 to 4 weeks apart" in said
    assert "(day 21)" in "".join(s.label for s in card.suggestions)


# --- for the operator ------------------------------------------------------------------------------


def shown(capsys: pytest.CaptureFixture[str], name: str, *overrides: Override) -> str:
    assert show(name, overrides) == 0
    return " ".join(capsys.readouterr().out.split())


def test_show_tells_what_is_switched_off_above_all_else(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "yoga", change(off="yoga"))

    off = "SWITCHED OFF AT THIS SITE by Spine board on 2026-10-01. Why: Agreed with the payers."
    assert 0 <= out.index(off) < out.index("Suggest yoga programme")
    assert site(change(off="yoga")).version in out


def test_show_tells_a_local_number_with_the_packaged_one_and_who_when_and_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    expected = (
        "21 d, local setting by Spine board on 2026-10-01. Why: Agreed with the payers. "
        "Packaged: 14 d from 2026-11-22 (V) [evicore]"
    )

    for name in ("esi-too-early", "esi-wait", "esi-min-gap-days"):
        assert expected in shown(capsys, name, number("esi-min-gap-days", 21)), name


def test_show_tells_a_local_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "esi-first", change(text="esi-first", says="Book early."))

    assert "Local note by Spine board on 2026-10-01. Why: Agreed with the payers. Book early." in out


def test_show_names_each_order_as_the_order_codes_of_a_site_name_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for rule in load_knowledge().rules.values():
        out = shown(capsys, rule.id)

        assert [p.id for p in rule.proposals if f"- {rule.id}/{p.id}: " not in out] == []


def test_show_tells_why_something_may_not_be_switched_off(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "red-flag-emergency", change(off="yoga"))

    assert "May not be switched off by a site: an emergency must not go unsaid" in out


def test_show_of_a_number_tells_its_bounds_and_what_uses_it(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "esi-min-gap-days")

    assert "In force - 14 d from 2026-11-22 (V) [evicore]" in out
    assert "A site may set - 14 to 90 d, and never more than esi-usual-gap-days" in out
    assert "esi-too-early" in out
    assert "A site may set - nothing: the number is the same everywhere" in shown(capsys, "adult-age")


def test_show_without_changes_says_nothing_of_a_site(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "red-flag-emergency")

    assert "site" not in out
    assert out.startswith("Red flag emergency")


def test_show_refuses_changes_that_are_not_allowed() -> None:
    with pytest.raises(KnowledgeError, match="may not be switched off"):
        show("yoga", [change(off="red-flag-emergency")])


def test_evaluate_says_what_is_switched_off(capsys: pytest.CaptureFixture[str]) -> None:
    unguided = next(case for case in CASES.values() if case.guard == "esi-unguided" and case.expect.guards)
    guard = decided(unguided, site(change(off="esi-unguided")))
    case = next(c for c in OF_INJECTIONS if "esi-wait" in c.expect.show and not c.given.drafts)
    recommendation = decided(case, site(change(off="esi-wait")))

    print_decision(guard, None)
    print_decision(recommendation, None)

    out = " ".join(capsys.readouterr().out.split())
    assert "Guards that are not shown - esi-unguided: switched-off" in out
    assert "esi-wait: switched-off" in out
