"""Runs the golden cases against the knowledge: what each rule must say, shown case by case."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from pathway.advice import Advice, Advised
from pathway.codelists import CodeRow
from pathway.days import days_after
from pathway.evaluation import advise
from pathway.golden import Expected, GoldenCase, facts_of
from pathway.rules import KnowledgeBase

KINDS = ("shown", "hidden", "unknown")


def uncovered(knowledge: KnowledgeBase, golden: Mapping[str, tuple[GoldenCase, ...]]) -> list[str]:
    """Every rule has a case for shown, hidden and unknown; one sentence for each that is missing."""
    seen = {(case.rule, case.kind) for cases in golden.values() for case in cases}
    problems = [
        f"golden/{rule_id}.yaml: the recommendation {rule_id!r} has no case of kind {kind!r}"
        for rule_id in knowledge.rules
        for kind in KINDS
        if (rule_id, kind) not in seen
    ]
    for file, cases in golden.items():
        names = [case.name for case in cases]
        problems += [f"golden/{file}: the case {n!r} stands twice" for n in set(names) if names.count(n) > 1]
        problems += [
            f"golden/{file}: {case.name!r} is of no known rule {case.rule!r}"
            for case in cases
            if case.rule is not None and case.rule not in knowledge.rules
        ]
    return problems


def failures(case: GoldenCase, knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> list[str]:
    """What the pathway says otherwise than the case expects; empty when it agrees."""
    advice = advise(facts_of(case.given, case.as_of, rows), knowledge)
    return list(differences(case.expect, advice, case.as_of))


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
    for name, offset in expect.dates.get(item.id, {}).items():
        if item.values.get(name) != days_after(as_of, offset):
            yield f"{item.id}: {name} is {item.values.get(name)}; expected {days_after(as_of, offset)}"
    for name, number in expect.numbers.get(item.id, {}).items():
        value = item.values.get(name)
        if not isinstance(value, int | Decimal) or Decimal(value) != number:
            yield f"{item.id}: {name} is {value}; expected {number}"


def _why_hidden(rule_id: str, advice: Advice) -> str:
    reason = next((item.by.value for item in advice.withheld if item.id == rule_id), None)
    return f"withheld by {reason}" if reason else f"no candidate of {advice.situation.state}"
