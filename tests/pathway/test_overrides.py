"""What a site may change: what comes of it, what stays, and what is refused."""

import re
import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pathway.advice import Advice, Filter, Urgency
from pathway.codelists import CONDITION_FILES
from pathway.errors import KnowledgeError
from pathway.evaluation import advise
from pathway.golden import GoldenCase, facts_of
from pathway.golden_drafts import drafts_of
from pathway.guard_rules import Guard
from pathway.guards import GuardAdvice, judge
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import PACKAGED, load_code_rows, load_golden, load_knowledge
from pathway.local_lines import local_lines, numbers_used
from pathway.number_words import named_in, texts_of, unknown_in, with_numbers
from pathway.overrides import Override, overridden
from pathway.proving import failures
from pathway.rules import Mark, Rule, RuleEvidence, Threshold

KNOWLEDGE = load_knowledge()
ROWS = load_code_rows()
FEW_ROWS = tuple(row for row in ROWS if row.file in (*CONDITION_FILES, "medications-ingredients.csv"))
CASES = [case for cases in load_golden().values() for case in cases]
CHANGEABLE = [name for name, number in KNOWLEDGE.thresholds.items() if number.minimum is not None]
ITEMS: dict[str, Rule | Guard] = {**KNOWLEDGE.rules, **KNOWLEDGE.guards}
MAY_GO = [name for name, item in ITEMS.items() if item.must_stay is None]
MUST_STAY = [name for name, item in ITEMS.items() if item.must_stay is not None]


def change(**what: Any) -> Override:
    known: dict[str, Any] = {"by": "Spine board", "on": date(2026, 10, 1), "why": "Local policy"}
    return Override(**(known | what))


def number(name: str, value: object) -> Override:
    return change(threshold=name, value=Decimal(str(value)))


def site(*overrides: Override) -> KnowledgeBase:
    return overridden(KNOWLEDGE, overrides, ROWS)


def refusal(*overrides: Override) -> str:
    with pytest.raises(KnowledgeError) as caught:
        site(*overrides)
    return str(caught.value)


def in_force(name: str) -> Decimal:
    return KNOWLEDGE.thresholds[name].on(date(2026, 11, 22))


def bounds() -> Iterator[tuple[str, Decimal]]:
    """Each end of each number that may be changed, where it is not the packaged value."""
    for name in CHANGEABLE:
        threshold = KNOWLEDGE.thresholds[name]
        for bound in (threshold.minimum, threshold.maximum):
            if bound is not None and bound != in_force(name):
                yield name, bound


def with_companions(name: str, value: Decimal) -> list[Override]:
    """The change, and those of other numbers without which it would not be allowed."""
    changes = [number(name, value)]
    for other, threshold in KNOWLEDGE.thresholds.items():
        is_above = other in KNOWLEDGE.thresholds[name].at_most and in_force(other) < value
        is_below = name in threshold.at_most and in_force(other) > value
        if is_above or is_below:
            changes.append(number(other, value))
    return changes


def case_of(name: str) -> GoldenCase:
    return next(case for case in CASES if case.name == name)


def advice_of(case: GoldenCase, knowledge: KnowledgeBase) -> Advice:
    return advise(facts_of(case.given, case.as_of, FEW_ROWS), knowledge)


def judgement_of(case: GoldenCase, knowledge: KnowledgeBase) -> GuardAdvice:
    facts = facts_of(case.given, case.as_of, FEW_ROWS)
    return judge(facts, drafts_of(case.given, case.as_of, FEW_ROWS), knowledge)


def shown(advice: Advice) -> list[str]:
    return [item.id for card in advice.cards for item in card.items]


# --- the whole -------------------------------------------------------------------------------------


def test_without_changes_the_knowledge_is_the_very_same() -> None:
    assert overridden(KNOWLEDGE, (), ROWS) is KNOWLEDGE


def test_the_version_tells_that_there_are_local_changes() -> None:
    changed = site(change(off="yoga"))

    assert re.fullmatch(re.escape(KNOWLEDGE.version) + r"\.local-[0-9a-f]{8}", changed.version)


def test_the_version_is_the_same_in_whatever_order_and_form_the_changes_stand() -> None:
    one = site(change(off="yoga"), number("esi-rolling-cap", "3.0"))
    other = site(number("esi-rolling-cap", 3), change(off="yoga", why="  Local\n policy "))

    assert one.version == other.version


@pytest.mark.parametrize(
    "other", [{"off": "cbt"}, {"by": "Somebody"}, {"on": date(2026, 10, 2)}, {"why": "Another reason"}]
)
def test_the_version_differs_with_what_who_when_and_why(other: dict[str, Any]) -> None:
    assert site(change(off="yoga")).version != site(change(**({"off": "yoga"} | other))).version


def test_a_change_leaves_the_packaged_knowledge_alone() -> None:
    changed = site(number("esi-min-gap-days", 20), change(off="yoga"))

    assert in_force("esi-min-gap-days") == 14
    assert KNOWLEDGE.switched_off == frozenset()
    assert changed.packaged is KNOWLEDGE


_NUMBERS = st.sampled_from(CHANGEABLE).flatmap(
    lambda name: st.integers(
        int(KNOWLEDGE.thresholds[name].minimum or 0), int(KNOWLEDGE.thresholds[name].maximum or 0)
    ).map(lambda value: number(name, value))
)
_CHANGES = st.one_of(
    _NUMBERS,
    st.sampled_from(MAY_GO).map(lambda name: change(off=name)),
    st.sampled_from(MUST_STAY).map(lambda name: change(text=name, says="Call the spine clinic first.")),
)


@settings(max_examples=12, deadline=None)
@given(st.lists(_CHANGES, min_size=1, max_size=6, unique_by=lambda o: o.changes), st.randoms())
def test_allowed_changes_make_sound_knowledge_or_are_refused_for_how_they_stand_together(
    overrides: list[Override], random: Any
) -> None:
    shuffled = random.sample(overrides, k=len(overrides))
    try:
        changed = site(*overrides)
    except KnowledgeError as error:
        assert all("must not exceed" in line or "changes nothing" in line for line in str(error).splitlines())  # noqa: PT017 - one of two outcomes
        return

    assert changed.version == site(*shuffled).version
    assert list(unknown_in((changed.rules, changed.guards, changed.states, changed.texts))) == []


# --- numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value"), list(bounds()))
def test_a_number_at_its_bound_makes_sound_knowledge_that_decides_otherwise(
    name: str, value: Decimal
) -> None:
    changed = site(*with_companions(name, value))

    threshold = changed.thresholds[name]
    assert {(v.value, v.mark, v.evidence) for v in threshold.values.values()} == {(value, Mark.LOCAL, ())}
    assert any(failures(case, changed, FEW_ROWS) for case in CASES)


@pytest.mark.parametrize("day", [date(2020, 2, 29), date(2026, 9, 30), date(2026, 10, 1), date(2031, 1, 1)])
def test_a_local_number_is_in_force_on_every_day(day: date) -> None:
    assert site(number("esi-min-gap-days", 20)).thresholds["esi-min-gap-days"].on(day) == 20


def test_with_a_cap_of_three_the_guard_fires_after_the_third() -> None:
    case = case_of("Yearly cap: three in 12 months")
    packaged = {w.id for w in judgement_of(case, KNOWLEDGE).warnings}

    local = {w.id for w in judgement_of(case, site(number("esi-rolling-cap", 3))).warnings}

    assert "esi-12-month-cap" not in packaged
    assert "esi-12-month-cap" in local


def test_with_a_longer_least_gap_the_day_of_the_packaged_one_is_too_early() -> None:
    case = case_of("Too early: day 14 itself is fine")

    local = judgement_of(case, site(number("esi-min-gap-days", 21)))

    assert "esi-too-early" in {w.id for w in local.warnings}


@pytest.mark.parametrize(
    ("name", "unsafe"),
    [
        ("esi-min-gap-days", 13),
        ("esi-series-size", 4),
        ("esi-rolling-cap", 5),
        ("esi-rolling-months", 11),  # four in eleven months are more than four in twelve
        ("imaging-months", 25),
        ("inr-high", "1.6"),
        ("platelets-low", 69),
    ],
)
def test_no_site_goes_beyond_what_the_sources_allow(name: str, unsafe: object) -> None:
    assert "lies outside the bounds" in refusal(number(name, unsafe))


def test_a_cap_that_outlasts_the_series_is_told_with_its_day() -> None:
    case = case_of(
        "Beyond the third: three in the open series, the next series begins 12 months after the first"
    )
    changed = site(number("esi-rolling-cap", 3), number("esi-rolling-months", 24))

    (item, *_) = [item for card in advice_of(case, changed).cards for item in card.items]

    assert item.id == "esi-series-complete"
    assert str(item.values["cap_until"]) == "2028-09-03"
    assert any("3 in 24 months" in says and "{cap_until}" in says for says in changed.rules[item.id].says)


ODD = {
    "esi-min-gap-days": 33,
    "esi-usual-gap-days": 55,
    "esi-series-size": 2,
    "esi-series-months": 9,
    "esi-rolling-cap": 2,
    "esi-rolling-months": 15,
    "esi-first-days": 17,
    "imaging-months": 19,
    "inr-high": "1.3",
    "platelets-low": 77,
}
PACKAGED_NUMBERS = re.compile(
    r"\b14\b|\b28\b|2 to 4 weeks|\b24 months|of 3\b|at most 3\b|1 to 3\b|\bthird\b|[Tt]hree|1\.4\b|below 100"
    r"|\b4 ESI|cap of 4|\b4 in 12|oldest of (?:the )?four|\b12 months"
)
# Ids of ours, the onset's own twelve months, and pain of three, which no site may change.
UNRELATED = re.compile(r"^[a-z0-9-]+$|12 months before (?:this|the onset)|score of 3 or less")


def test_every_number_that_may_be_changed_is_changed_in_the_test_of_words() -> None:
    assert sorted(ODD) == sorted(CHANGEABLE)


def test_no_word_of_ours_states_the_packaged_number_once_a_site_has_another() -> None:
    changed = site(*(number(name, value) for name, value in ODD.items()))
    rules = [replace(rule, evidence=RuleEvidence()) for rule in changed.rules.values() if _is_theirs(rule.id)]
    guards = [
        replace(guard, evidence=RuleEvidence()) for guard in changed.guards.values() if _is_theirs(guard.id)
    ]
    states = [state for name, state in changed.states.items() if name.startswith(("esi", "pre-"))]
    titles = [changed.thresholds[name].title for name in ODD]

    said = chain.from_iterable(map(texts_of, (*rules, *guards, *states, *titles)))
    stale = [text for text in said if PACKAGED_NUMBERS.search(UNRELATED.sub("", text))]

    assert stale == []


def _is_theirs(name: str) -> bool:
    return name.startswith("esi-") or name == "mri-lumbar"


@pytest.mark.parametrize("size", [2, 3])
def test_words_count_as_people_do(size: int) -> None:
    changed = KNOWLEDGE if size == 3 else site(number("esi-series-size", size))
    expected = {2: ("Two injections", "beyond the second"), 3: ("Three injections", "beyond the third")}[size]

    said = (changed.rules["esi-series-complete"].patient_text or "", changed.guards["esi-beyond-third"].title)

    assert all(words in text for words, text in zip(expected, said, strict=True))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(21, 42, "3 to 6 weeks apart"), (20, 42, "20 to 42 days apart"), (28, 28, "injections, 4 weeks apart")],
)
def test_spans_are_told_in_weeks_where_they_are_whole_weeks(low: int, high: int, expected: str) -> None:
    numbers = {"esi-min-gap-days": low, "esi-usual-gap-days": high}

    changed = site(*(number(name, value) for name, value in numbers.items() if value != in_force(name)))

    assert expected in changed.rules["esi-first"].says[0]


def test_what_a_source_says_keeps_its_number() -> None:
    changed = site(number("esi-rolling-cap", 3), number("esi-min-gap-days", 21))

    for name, guard in KNOWLEDGE.guards.items():
        assert changed.guards[name].evidence == guard.evidence


def test_a_number_that_changes_on_a_day_is_told_with_the_day() -> None:
    gap: Threshold = KNOWLEDGE.thresholds["esi-min-gap-days"]
    later = {**gap.values, date(2027, 1, 1): replace(next(iter(gap.values.values())), value=Decimal(21))}
    numbers = {**KNOWLEDGE.thresholds, "esi-min-gap-days": replace(gap, values=later)}

    assert with_numbers("{esi-min-gap-days} days", numbers) == "14 (from 2027-01-01: 21) days"


# --- switched off ----------------------------------------------------------------------------------


def test_what_is_switched_off_is_never_shown_and_the_next_leads() -> None:
    changed = {name: site(change(off=name)) for name in MAY_GO if name in KNOWLEDGE.rules}
    for case in CASES:
        before = advice_of(case, KNOWLEDGE)
        for name in {*shown(before)[:1], *shown(before)[-1:]} & set(changed):
            after = advice_of(case, changed[name])

            assert set(shown(before)) - set(shown(after)) == {name}, case.name
            assert (name, Filter.SWITCHED_OFF) in [(w.id, w.by) for w in after.withheld], case.name
            leading = [item for item in _ranked(before) if item != name]
            assert shown(after)[:1] in ([], leading[:1], ["re-evaluate-diagnosis"]), case.name
            assert sum(item.recommended for card in after.cards for item in card.items) <= 1


def _ranked(advice: Advice) -> list[str]:
    """What is shown in the order of the state's candidates."""
    state = KNOWLEDGE.states[advice.situation.state].candidates
    places = {candidate.id: place for place, candidate in reversed(list(enumerate(state)))}
    return sorted(shown(advice), key=lambda name: places.get(name, len(places)))


def test_a_guard_that_is_switched_off_is_silent_and_told_to_the_operator() -> None:
    changed = {name: site(change(off=name)) for name in MAY_GO if name in KNOWLEDGE.guards}
    seen = set()
    for case in (case for case in CASES if case.given.drafts):
        before = judgement_of(case, KNOWLEDGE)
        for name in {w.id for w in before.warnings} & set(changed):
            after = judgement_of(case, changed[name])

            silenced = {w.id for w in before.warnings} - {w.id for w in after.warnings}
            assert silenced == {name}, case.name
            assert [(w.id, w.by) for w in after.withheld] == [(name, Filter.SWITCHED_OFF)], case.name
            seen.add(name)
    assert seen == set(changed)


@pytest.mark.parametrize("name", ["esi-too-early", "esi-beyond-third", "esi-12-month-cap"])
def test_a_guard_that_holds_a_bounded_number_cannot_be_switched_off(name: str) -> None:
    with pytest.raises(KnowledgeError, match="may not be switched off"):
        site(change(off=name))


def test_an_order_of_what_is_switched_off_is_not_offered_beside_a_guard() -> None:
    changed = site(change(off="exercise-pt"))
    offered = [
        action.rule
        for case in CASES
        if case.given.drafts
        for warned in judgement_of(case, changed).warnings
        for action in warned.actions
    ]

    assert "exercise-pt" not in offered
    assert "nsaid" in offered


@pytest.mark.parametrize("name", MUST_STAY)
def test_what_protects_the_patient_may_not_be_switched_off_and_the_reason_is_told(name: str) -> None:
    message = refusal(change(off=name))

    assert message == f"override 1 (off {name}): may not be switched off: {ITEMS[name].must_stay}"


def test_everything_urgent_must_stay() -> None:
    urgent = {
        guard.id
        for guard in KNOWLEDGE.guards.values()
        if Urgency.URGENT in [level.urgency for level in guard.levels.values()]
    }

    assert urgent | {"red-flag-emergency", "red-flag-workup", "re-evaluate-diagnosis", "naloxone"} <= set(
        MUST_STAY
    )


# --- local texts -----------------------------------------------------------------------------------


def test_a_local_sentence_belongs_to_its_recommendation_alone() -> None:
    changed = site(change(text="esi-first", says="Book through\n the spine clinic (ext. 12)."))

    assert [line.text for line in local_lines(changed, "esi-first")] == [
        "Book through the spine clinic (ext. 12)."
    ]
    assert local_lines(changed, "esi-repeat") == ()
    assert local_lines(KNOWLEDGE, "esi-first") == ()


@pytest.mark.parametrize("name", CHANGEABLE)
def test_a_changed_number_is_named_wherever_it_is_used(name: str) -> None:
    value = next(bound for changeable, bound in bounds() if changeable == name)
    changed = site(*with_companions(name, value))
    users = [item for item in ITEMS if name in numbers_used(KNOWLEDGE, item)]

    told = [
        item
        for item in ITEMS
        if changed.thresholds[name].title in [x.text.partition(":")[0] for x in local_lines(changed, item)]
    ]

    assert users
    assert told == users


def test_a_changed_number_is_told_with_the_packaged_one() -> None:
    (line,) = local_lines(site(number("esi-min-gap-days", 20)), "esi-too-early")

    assert line.text == "Least days between two injections: 20 days instead of 14"
    assert (line.by, line.on, line.is_setting) == ("Spine board", date(2026, 10, 1), True)


# --- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (change(), "give exactly one of off, threshold, text; found: none"),
        (change(off="yoga", text="yoga", says="Hi"), "found: off, text"),
        (change(threshold="esi-min-gap-days"), "threshold and value belong together"),
        (change(off="yoga", value=Decimal(3)), "threshold and value belong together"),
        (change(text="yoga"), "text and says belong together"),
        (change(off="yoga", says="Hi"), "text and says belong together"),
        (change(off="yoga", by=" "), "by is blank"),
        (change(off="yoga", why="\n"), "why is blank"),
        (change(text="yoga", says=""), "says is blank"),
        (change(off="yoga", by="x" * 81), "by has 81 characters; allowed: 80"),
        (change(off="yoga", why="x" * 501), "why has 501 characters; allowed: 500"),
        (change(text="yoga", says="x" * 201), "says has 201 characters; allowed: 200"),
        (change(off="yogga"), "no such recommendation or guard; the nearest: yoga"),
        (change(text="esi-to-early", says="Hi"), "the nearest: esi-too-early"),
        (number("esi-min-gap-day", 20), "no such number; the nearest: esi-min-gap-days"),
        (number("adult-age", 20), "this number may not be changed; those that may: esi-first-days, "),
        (number("esi-min-gap-days", 13), "13 lies outside the bounds 14 to 90 days"),
        (number("esi-rolling-cap", 5), "5 lies outside the bounds 2 to 4"),
        (number("esi-min-gap-days", "1e999999"), "lies outside the bounds 14 to 90 days"),
        (number("esi-min-gap-days", "20.5"), "20.5 is no whole number; the unit is d"),
        (number("inr-high", "1.45"), "1.45 has more than one decimal place"),
        (number("inr-high", "NaN"), "value is no number"),
        (number("inr-high", "-Infinity"), "value is no number"),
        (number("inr-high", "1.40"), "changes nothing: the packaged value is 1.4 already"),
        (
            number("esi-min-gap-days", 29),
            "esi-min-gap-days, 29, must not exceed esi-usual-gap-days, 28; change both",
        ),
        (number("esi-rolling-cap", 2), "esi-series-size, 3, must not exceed esi-rolling-cap, 2; change both"),
    ],
)
def test_what_is_not_allowed_is_refused_with_the_reason(override: Override, expected: str) -> None:
    assert expected in refusal(override)


@pytest.mark.parametrize(
    "says",
    [
        "See <b>here</b>",
        "*now*",
        "_now_ or later",
        "[a](b)",
        "`code`",
        "a | b",
        "~~no~~",
        "https://example.org",
        "www.example.org",
        "example.org",
        "//example",
        "a@b.example",
        "tel:123",
        "javascript:alert",
        "&lt;b&gt;",
        "# Heading",
        "- item",
        "1. item",
        "{last_esi}",
        "{esi-min-gap-days}",
        "a\\b",
    ],
)
def test_markdown_html_links_and_placeholders_are_refused_in_local_texts(says: str) -> None:
    assert "says is plain text, without markdown, HTML and links" in refusal(change(text="yoga", says=says))
    assert "by is plain text" in refusal(change(off="yoga", by=says))


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\u202e", "\u200b", "\ue000", "\ud800"])
def test_control_and_invisible_characters_are_refused(character: str) -> None:
    assert "says holds a control or invisible character" in refusal(
        change(text="yoga", says=f"a{character}b")
    )


@pytest.mark.parametrize(
    "says",
    ["Ask Dr. Müller (ext. 12), 8-16 h; cost < none? No: 5 % & more.", "Wait 6 weeks.", "予約は電話で。"],
)
def test_plain_sentences_are_taken(says: str) -> None:
    plain = says.replace("<", "under")

    assert local_lines(site(change(text="yoga", says=plain)), "yoga")[0].text == plain


def test_the_same_thing_is_changed_once() -> None:
    message = refusal(number("inr-high", "1.2"), number("inr-high", "1.3"))

    assert message == "override 2 (threshold inr-high): this is changed twice; keep one"


def test_a_local_text_of_what_is_switched_off_is_refused() -> None:
    assert "would never be shown" in refusal(change(off="yoga"), change(text="yoga", says="Hi"))


def test_every_fault_is_listed_at_once_each_with_its_place() -> None:
    lines = refusal(change(off="yogga"), change(off="cbt"), number("adult-age", 20)).splitlines()

    assert [line.partition(":")[0] for line in lines] == [
        "override 1 (off yogga)",
        "override 3 (threshold adult-age)",
    ]


def test_numbers_named_in_the_files_are_numbers() -> None:
    written = KNOWLEDGE.written
    assert written is not None

    assert named_in((written.rules, written.guards, written.states, written.thresholds)) <= set(CHANGEABLE)


# --- the files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("rules/esi-wait.yaml", "{esi-min-gap-days}", "{esi-min-days}", "{esi-min-days} names no number"),
        ("rules/esi-wait.yaml", "{esi-min-gap-days}", "{esi-min-gap-days:roman}", "a form that there is not"),
        ("states.yaml", "Day {esi-min-gap-days} after", "Day {esi-gap} after", "states.yaml: esi-waiting"),
        ("thresholds.yaml", "  minimum: 1\n", "", "inr-high: a number has both bounds"),
        ("thresholds.yaml", "at_most: [imaging-months]", "at_most: [months]", "no such number 'months'"),
        ("thresholds.yaml", "{value: 24, mark: V", "{value: 5, mark: V", "must not exceed imaging-months, 5"),
        ("thresholds.yaml", "{value: 18, mark: P}", "{value: 18, mark: local}", "kept for what a site sets"),
        ("rules/esi-first.yaml", "[esi-first-days,", "[esi-first-day,", "no such word 'esi-first-day'"),
        ("rules/red-flag-emergency.yaml", "must_stay: an", "# an", "say why under `must_stay`"),
        ("guards/esi-pregnancy.yaml", "must_stay: X-rays", "# X-rays", "say why under `must_stay`"),
        (
            "guards/esi-too-early.yaml",
            "At least 14 days between",
            "At least {esi-min-gap-days} days between",
            "guards/esi-too-early.yaml: evidence: {esi-min-gap-days}: what is quoted keeps its number",
        ),
    ],
)
def test_a_fault_in_what_a_site_may_change_stops_the_start(
    tmp_path: Path, file: str, old: str, new: str, expected: str
) -> None:
    copy = Path(shutil.copytree(PACKAGED, tmp_path / "knowledge"))
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(copy)

    assert expected in str(caught.value)
