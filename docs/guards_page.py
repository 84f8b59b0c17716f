"""The page docs/guards.md: every guard of orders, in the order of their cards."""

from collections.abc import Iterable, Iterator

from docs.knowledge_tables import HOW_CHECKED, THRESHOLD_HEADINGS, evidence_table, threshold_rows
from docs.markdown import table
from pathway.advice import Urgency
from pathway.guard_rules import Create, Delete, Guard, Update
from pathway.knowledge_base import KnowledgeBase

PATHWAY = "pathway.md"
# what `order-sign` shows; on `order-select` critical becomes a warning
INDICATORS = {Urgency.URGENT: "critical", Urgency.CAUTION: "warning", Urgency.ROUTINE: "info"}
INTRODUCTION = """\
# Order guards for clinicians

<!-- Made from pathway/knowledge by `make docs`: change the knowledge, not this page. -->

What is said while orders are written, and before they are signed. A guard looks at one draft order, with
the patient's record, the active orders and the other drafts of the same call; it judges the draft as of
the day that the order is for. `order-select` judges the selected drafts and shows *critical* as *warning*;
`order-sign` judges all of them. Where no guard fires there is no card, and no guard ever blocks an order.
Cards stand in the order of their indicator, then of this page, then of the drafts.
Knowledge version `{version}`.

{how_checked}
Words in braces are filled in for the patient and the order. A suggestion is offered only where it can be
carried out on this draft, and where neither another guard nor the patient's record speaks against it; at
most one of a card is marked as the safest.
"""


def guards_page(knowledge: KnowledgeBase) -> str:
    """The whole page, GitHub-flavoured Markdown."""
    guards = sorted(knowledge.guards.values(), key=lambda guard: guard.place)
    lines = [INTRODUCTION.format(version=knowledge.version, how_checked=HOW_CHECKED)]
    lines += table(("", "Guard", "Asked of", "Indicator"), map(_overview, guards))
    for guard in guards:
        lines += _guard(guard, knowledge)
    return "\n".join(lines) + "\n"


def _overview(guard: Guard) -> tuple[str, ...]:
    shown = dict.fromkeys(INDICATORS[level.urgency] for level in guard.levels.values())
    return (str(guard.place), f"[{guard.title}](#{guard.id})", f"`{guard.applies_to}`", ", ".join(shown))


def _guard(guard: Guard, knowledge: KnowledgeBase) -> Iterator[str]:
    yield f'<a id="{guard.id}"></a>\n'
    yield f"## {guard.place}. {guard.title}\n"
    reviewed = guard.last_reviewed.isoformat()
    yield f"`{guard.id}` · asked of `{guard.applies_to}` · sources last re-read {reviewed}\n"
    for name, level in guard.levels.items():
        fires = "" if len(guard.levels) == 1 else f"`{name}`, "
        yield f"- **{fires}{INDICATORS[level.urgency]}:** {level.summary}. {level.message}"
    yield from (f"- {sentence}" for sentence in guard.says)
    yield ""
    yield from evidence_table(guard.evidence, knowledge, PATHWAY)
    if guard.thresholds:
        yield from table(
            THRESHOLD_HEADINGS,
            [
                row
                for name in guard.thresholds
                for row in threshold_rows(name, knowledge.thresholds[name], PATHWAY)
            ],
        )
    yield from _offers(guard, knowledge)
    yield from (f"*Reading:* {note}\n" for note in guard.notes)


def _offers(guard: Guard, knowledge: KnowledgeBase) -> Iterator[str]:
    yield from (f"- **Offered:** {_offer(offer, knowledge)}" for offer in guard.suggestions)
    if guard.override_reasons:
        yield f"- **Further reasons to decline:** {', '.join(guard.override_reasons)}"
    if guard.suggestions or guard.override_reasons:
        yield ""


def _offer(offer: Delete | Update | Create, knowledge: KnowledgeBase) -> str:
    match offer:
        case Delete():
            words = f"take the order back. {offer.label}: {offer.description}"
        case Update():
            words = f"change the order ({offer.edit.value}). {offer.label}: {offer.description}"
        case Create():
            rule = knowledge.rules[offer.rule]
            named = f" ({', '.join(offer.proposals)})" if offer.proposals else ""
            words = f"another order: [{rule.title}]({PATHWAY}#{rule.id}){named}"
    limits = [
        *([f"only if {_code(offer.when, ' and ')}"] if offer.when else []),
        *([f"only when it fires as {_code(offer.levels, ', ')}"] if offer.levels else []),
        *(["the safest where it fits"] if offer.recommendable else []),
    ]
    return words + (f" ({'; '.join(limits)})" if limits else "")


def _code(names: Iterable[str], between: str) -> str:
    return between.join(f"`{name}`" for name in names)
