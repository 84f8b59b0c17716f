"""One guard for a clinician's eyes: `backpath knowledge show ID`."""

from rich.console import Console
from rich.markup import escape

from cds_service.knowledge_parts import override_reasons, print_evidence, print_list, sources
from cds_service.local_view import number_lines, print_local
from cds_service.reading import paper
from pathway.guard_rules import Create, Delete, Guard, Update
from pathway.knowledge_base import KnowledgeBase


def print_guard(guard: Guard, knowledge: KnowledgeBase) -> None:
    """One guard whole: its levels with their words, numbers, evidence, what it offers, sources."""
    console = paper()
    print_local(console, guard.id, guard.must_stay, knowledge)
    _head(console, guard)
    print_list(console, "What the card may add", guard.says)
    print_list(console, "Thresholds", number_lines(guard.id, knowledge))
    print_evidence(console, guard.evidence, knowledge)
    print_list(console, "Suggestions", (_suggestion(offer, knowledge) for offer in guard.suggestions))
    print_list(console, "Reasons to override", override_reasons(guard.override_reasons, knowledge))
    print_list(console, "Our reading", guard.notes)
    print_list(console, "Sources", sources(guard.primary_source, guard.evidence, knowledge))


def _head(console: Console, guard: Guard) -> None:
    console.print(f"[bold]{escape(guard.title)}[/]  ({guard.id})")
    console.print(f"Guard of orders: {guard.applies_to}; reviewed {guard.last_reviewed}")
    for name, level in guard.levels.items():
        fires = "Fires" if len(guard.levels) == 1 else f"Fires as {name}"
        console.print(f"\n[bold]{fires}; urgency: {level.urgency.value}[/]")
        console.print(f"{escape(level.summary)}\n{escape(level.message)}")


def _suggestion(offer: Delete | Update | Create, knowledge: KnowledgeBase) -> str:
    match offer:
        case Delete():
            words = f"delete: {offer.label}. {offer.description}"
        case Update():
            words = f"update ({offer.edit.value}): {offer.label}. {offer.description}"
        case Create():
            orders = f", {' or '.join(offer.proposals)}" if offer.proposals else ""
            words = f"create: {knowledge.rules[offer.rule].title} ({offer.rule}{orders})"
    limits = [f"only when {', '.join(offer.when)}"] if offer.when else []
    limits += [f"only if it fires as {', '.join(offer.levels)}"] if offer.levels else []
    limits += ["marked as the safest where it fits"] if offer.recommendable else []
    return words + (f" ({'; '.join(limits)})" if limits else "")
