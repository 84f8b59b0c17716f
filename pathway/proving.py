"""Runs the golden cases against the knowledge: what each rule must say, shown case by case."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

import msgspec

from pathway.advice import Advice, Advised, Values
from pathway.codelists import CodeRow
from pathway.days import days_after
from pathway.evaluation import advise
from pathway.golden import Expected, ExpectedGuard, GoldenCase, facts_of
from pathway.golden_drafts import drafts_of
from pathway.guards import GuardAdvice, Warned, judge
from pathway.knowledge_base import KnowledgeBase

KINDS = ("shown", "hidden", "unknown")
GUARD_KINDS = ("fires", "not", "unknown")


def uncovered(knowledge: KnowledgeBase, golden: Mapping[str, tuple[GoldenCase, ...]]) -> list[str]:
    """Every rule has a case for shown, hidden and unknown; one sentence for each that is missing."""
    seen = {(case.rule, case.kind) for cases in golden.values() for case in cases}
    problems = [
        f"golden/{rule_id}.yaml: the recommendation {rule_id!r} has no case of kind {kind!r}"
        for rule_id in knowledge.rules
        for kind in KINDS
        if (rule_id, kind) not in seen
    ]
    guarded = {(case.guard, case.kind) for cases in golden.values() for case in cases}
    problems += [
        f"golden/guards/{guard_id}.yaml: the guard {guard_id!r} has no case of kind {kind!r}"
        for guard_id in knowledge.guards
        for kind in GUARD_KINDS
        if (guard_id, kind) not in guarded
    ]
    for file, cases in golden.items():
        names = [case.name for case in cases]
        problems += [f"golden/{file}: the case {n!r} stands twice" for n in set(names) if names.count(n) > 1]
        problems += [
            f"golden/{file}: {case.name!r} is of no known rule {case.rule!r}"
            for case in cases
            if case.rule is not None and case.rule not in knowledge.rules
        ]
        problems += [
            f"golden/{file}: {case.name!r} is of no known guard {case.guard!r}"
            for case in cases
            if case.guard is not None and case.guard not in knowledge.guards
        ]
    return problems


def unpinned(
    knowledge: KnowledgeBase, golden: Mapping[str, tuple[GoldenCase, ...]], rows: tuple[CodeRow, ...]
) -> list[str]:
    """Thresholds of guards that no case holds at, below and above.

    Each is moved by one step either way: some case of the guard must then come out otherwise.
    """
    cases = [case for found in golden.values() for case in found if case.given.drafts]
    return [
        f"guards/{guard.id}.yaml: no golden case tells {name} from one step {word}"
        for guard in knowledge.guards.values()
        for name in guard.thresholds
        for word, sign in (("more", 1), ("less", -1))
        if not _notices(guard.id, moved(knowledge, name, sign), cases, rows)
    ]


def moved(knowledge: KnowledgeBase, name: str, sign: int) -> KnowledgeBase:
    """The knowledge with one threshold a step higher or lower: a unit in its last place."""
    threshold = knowledge.thresholds[name]
    values = {
        day: msgspec.structs.replace(v, value=v.value + sign * _step(v.value))
        for day, v in threshold.values.items()
    }
    changed = msgspec.structs.replace(threshold, values=values)
    return msgspec.structs.replace(knowledge, thresholds={**knowledge.thresholds, name: changed})


def _step(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) and exponent < 0 else Decimal(1)


def _notices(
    guard_id: str, changed: KnowledgeBase, cases: list[GoldenCase], rows: tuple[CodeRow, ...]
) -> bool:
    own = [case for case in cases if case.guard == guard_id]
    others = [case for case in cases if case.guard != guard_id]
    return any(failures(case, changed, rows) for case in (*own, *others))


def failures(case: GoldenCase, knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> list[str]:
    """What the pathway says otherwise than the case expects; empty when it agrees."""
    facts = facts_of(case.given, case.as_of, rows)
    found = list(differences(case.expect, advise(facts, knowledge), case.as_of))
    if case.given.drafts:
        judged = judge(facts, drafts_of(case.given, case.as_of, rows), knowledge)
        found += guard_differences(case.expect, judged, case.as_of)
    return found


def differences(expect: Expected, advice: Advice, as_of: date) -> Iterator[str]:
    """One sentence for each expectation that the advice does not meet."""
    shown = {item.id: item for card in advice.cards for item in card.items}
    yield from _state_differences(expect, advice)
    yield from _shown_differences(expect, advice, shown)
    yield from _order_differences(expect, shown)
    withheld = {item.id: item.by.value for item in advice.withheld}
    for rule_id, reason in expect.withheld.items():
        if withheld.get(rule_id) != reason:
            yield f"{rule_id} is withheld by {withheld.get(rule_id)}; expected {reason}"
    for item in shown.values():
        yield from _item_differences(expect, item, as_of)


def guard_differences(expect: Expected, advice: GuardAdvice, as_of: date) -> Iterator[str]:
    """One sentence for each guard that fires otherwise than expected."""
    fired = {(w.id, (w.ref or "").partition("/")[2]): w for w in advice.warnings}
    for unwanted in expect.not_guards:
        yield from (f"{unwanted} fires on {draft}" for guard, draft in fired if guard == unwanted)
    wanted = {(g.id, g.draft) for g in expect.guards}
    if expect.only_guards and set(fired) != wanted:
        extra = sorted(f"{guard} on {draft}" for guard, draft in set(fired) - wanted)
        yield from (f"{item} fires" for item in extra)
    for guard in expect.guards:
        warned = fired.get((guard.id, guard.draft))
        if warned is None:
            yield f"{guard.id} does not fire on {guard.draft}; fired: {sorted({g for g, _ in fired})}"
        else:
            yield from _warned_differences(guard, warned, as_of)


def _warned_differences(expect: ExpectedGuard, warned: Warned, as_of: date) -> Iterator[str]:
    if warned.urgency.value != expect.urgency:
        yield f"{warned.id}: urgency is {warned.urgency.value}; expected {expect.urgency}"
    if expect.level is not None and warned.level != expect.level:
        yield f"{warned.id}: level is {warned.level}; expected {expect.level}"
    yield from _value_differences(warned.id, warned.values, expect.dates, expect.numbers, as_of)
    words = tuple(f"create:{a.rule}" if a.kind == "create" else a.kind for a in warned.actions)
    if expect.actions is not None and words != expect.actions:
        yield f"{warned.id}: offers {words}; expected {expect.actions}"
    marked = next((w for w, a in zip(words, warned.actions, strict=True) if a.recommended), None)
    if expect.recommended is not None and marked != expect.recommended:
        yield f"{warned.id}: marks {marked}; expected {expect.recommended}"


def _value_differences(
    name: str, values: Values, dates: Mapping[str, int], numbers: Mapping[str, Decimal], as_of: date
) -> Iterator[str]:
    for key, offset in dates.items():
        if values.get(key) != days_after(as_of, offset):
            yield f"{name}: {key} is {values.get(key)}; expected {days_after(as_of, offset)}"
    for key, number in numbers.items():
        value = values.get(key)
        if not isinstance(value, int | Decimal) or Decimal(value) != number:
            yield f"{name}: {key} is {value}; expected {number}"


def _shown_differences(expect: Expected, advice: Advice, shown: Mapping[str, Advised]) -> Iterator[str]:
    described = (*expect.variant, *expect.proposals, *expect.dates, *expect.numbers, *expect.urgency)
    for wanted in dict.fromkeys((*expect.show, *described)):
        if wanted not in shown:
            yield f"{wanted} is not shown ({_why_hidden(wanted, advice)})"
    yield from (f"{unwanted} is shown" for unwanted in expect.hide if unwanted in shown)
    if expect.only is not None and set(expect.only) != set(shown):
        yield f"shown are {', '.join(sorted(shown)) or 'none'}; expected {', '.join(sorted(expect.only))}"


def _order_differences(expect: Expected, shown: Mapping[str, Advised]) -> Iterator[str]:
    first = next(iter(shown), None)
    if expect.first is not None and expect.first != first:
        yield f"first is {first}; expected {expect.first}"
    marked = next((item.id for item in shown.values() if item.recommended), None)
    if expect.recommended is not None and expect.recommended != marked:
        yield f"recommended is {marked}; expected {expect.recommended}"


def _state_differences(expect: Expected, advice: Advice) -> Iterator[str]:
    situation = advice.situation
    if expect.state is not None and expect.state != situation.state:
        yield f"state is {situation.state}; expected {expect.state}"
    if expect.sub_facts is not None and expect.sub_facts != situation.sub_facts:
        yield f"sub-facts are {situation.sub_facts}; expected {expect.sub_facts}"
    gaps = {gap.code for gap in advice.gaps}
    yield from (f"the data gap {gap} is missing" for gap in expect.gaps if gap not in gaps)


def _item_differences(expect: Expected, item: Advised, as_of: date) -> Iterator[str]:
    found = {
        "variant": (expect.variant.get(item.id), item.variant),
        "proposals": (expect.proposals.get(item.id), item.proposals),
        "urgency": (expect.urgency.get(item.id), item.urgency.value),
    }
    for what, (wanted, actual) in found.items():
        if wanted is not None and wanted != actual:
            yield f"{item.id}: {what} is {actual}; expected {wanted}"
    dates, numbers = expect.dates.get(item.id, {}), expect.numbers.get(item.id, {})
    yield from _value_differences(item.id, item.values, dates, numbers, as_of)


def _why_hidden(rule_id: str, advice: Advice) -> str:
    reason = next((item.by.value for item in advice.withheld if item.id == rule_id), None)
    return f"withheld by {reason}" if reason else f"no candidate of {advice.situation.state}"
