"""The knowledge for a clinician's eyes: `backpath knowledge check` and `show ID`."""

import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cards.guard_cards import GuardRenderer
from cards.rendering import Renderer
from cds_service.guard_view import print_guard
from cds_service.hooks import services
from cds_service.knowledge_parts import override_reasons, print_evidence, print_list, sources
from cds_service.local_view import number_lines, print_local, print_number, site_codes
from cds_service.progress import tracked
from cds_service.reading import paper
from cds_service.samples import Samples
from cds_service.tenants.model import OrderCode
from pathway.codelists import CodeRow
from pathway.errors import KnowledgeError
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_code_rows, load_golden, load_knowledge
from pathway.overrides import Override, overridden
from pathway.proving import failures, uncovered, unpinned
from pathway.rules import CheckUse, MedicationOrder, Proposal, Rule

DONE, BAD_INPUT = 0, 2


def check(directory: str | None) -> int:
    """Validate everything, run the golden cases, print what was checked; the exit status.

    Raises:
        KnowledgeError: the knowledge cannot be loaded; tells file, place and the allowed words.
    """
    place = Path(directory) if directory is not None else None
    if place is not None and not place.is_dir():
        raise KnowledgeError(f"{directory}: no such folder")
    knowledge = load_knowledge(place)
    rows = load_code_rows(place)
    golden = load_golden(place)
    Renderer(knowledge)  # checks every order against FHIR R4
    GuardRenderer(knowledge)  # checks the words of every guard
    problems = uncovered(knowledge, golden)
    cases = [(file, case) for file, cases in golden.items() for case in cases]
    for file, case in tracked(cases, "Golden cases"):
        problems += [f"golden/{file}: {case.name!r}: {text}" for text in failures(case, knowledge, rows)]
    problems += unpinned(knowledge, golden, rows)
    for problem in problems:
        print(f"backpath: {problem}", file=sys.stderr)  # noqa: T201 - a command line speaks
    if problems:
        return BAD_INPUT
    _print_counts(knowledge, rows, len(cases))
    return DONE


def _print_counts(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...], cases: int) -> None:
    counts = {
        "recommendations": len(knowledge.rules),
        "guards": len(knowledge.guards),
        "orders": sum(len(rule.proposals) for rule in knowledge.rules.values()),
        "states": len(knowledge.states),
        "thresholds": len(knowledge.thresholds),
        "sources": len(knowledge.evidence),
        "statements of the seed": len(knowledge.seed),
        "override reasons": len(knowledge.override_reasons),
        "codes": sum(row.verified for row in rows),
        "golden cases": cases,
        "services": len(services(rows)),
        "sample patients": len(Samples.load(rows).by_id),
    }
    table = Table("Checked", "Number")
    for what, number in counts.items():
        table.add_row(what, str(number))
    paper().print(f"Knowledge {knowledge.version} is whole.", table, sep="\n")


def show(name: str, overrides: Sequence[Override] = (), order_codes: Sequence[OrderCode] = ()) -> int:
    """Print one recommendation, guard or number as it is in force; the exit status.

    Args:
        name: Its id.
        overrides: What a site has changed; each change that concerns it is told with who, when and why.
        order_codes: What a site calls our proposals.

    Raises:
        KnowledgeError: there is none of that id (lists those that there are), or a change is not allowed.
    """
    knowledge = load_knowledge()
    if overrides:
        knowledge = overridden(knowledge, overrides, load_code_rows())
        paper().print(f"Knowledge {knowledge.version}\n")
    if name in knowledge.rules:
        print_rule(knowledge.rules[name], knowledge, order_codes)
    elif name in knowledge.guards:
        print_guard(knowledge.guards[name], knowledge)
    elif name in knowledge.thresholds:
        print_number(name, knowledge)
    else:
        rules, guards = (", ".join(sorted(ids)) for ids in (knowledge.rules, knowledge.guards))
        near = ", ".join(get_close_matches(name, knowledge.thresholds, cutoff=0))
        raise KnowledgeError(
            f"no recommendation, guard or number {name!r}; known: {rules}; guards: {guards}; "
            f"numbers nearest to it: {near}"
        )
    return DONE


def print_rule(rule: Rule, knowledge: KnowledgeBase, order_codes: Sequence[OrderCode] = ()) -> None:
    """One recommendation whole: words, criteria, evidence for and against, orders, sources."""
    console = paper()
    print_local(console, rule.id, rule.must_stay, knowledge)
    _head(console, rule)
    print_list(console, "What the card may add", rule.says)
    print_list(console, "Shown only if", _uses((*rule.show_if, *rule.durations)))
    print_list(console, "Hidden by", _uses(rule.contraindications))
    print_list(console, "Cautions", _uses(rule.cautions))
    print_list(console, "To settle first", _uses(rule.blockers))
    print_list(console, "Thresholds", number_lines(rule.id, knowledge))
    print_evidence(console, rule.evidence, knowledge)
    print_list(console, "Proposed orders", (_proposal(rule.id, proposal) for proposal in rule.proposals))
    print_list(console, "Ordered at this site as", site_codes(rule.id, order_codes))
    print_list(
        console, "Variants", (f"{name}: {v.summary or v.why or ''}" for name, v in rule.variants.items())
    )
    print_list(console, "Candidate in the states", _states(rule, knowledge))
    print_list(console, "Reasons to override", override_reasons(rule.override_reasons, knowledge))
    print_list(console, "Statements of the seed", (_seed(row, knowledge) for row in rule.seed))
    print_list(console, "Our reading", rule.notes)
    print_list(console, "Sources", sources(rule.primary_source, rule.evidence, knowledge))


def _head(console: Console, rule: Rule) -> None:
    console.print(f"[bold]{escape(rule.title)}[/]  ({rule.id})")
    console.print(f"Card: {rule.card.value}; urgency: {rule.urgency.value}; reviewed {rule.last_reviewed}")
    console.print(f"\n{escape(rule.summary)}\n{escape(rule.why)}")
    if rule.patient_text:
        console.print(f"For the patient: {escape(rule.patient_text)}")


def _uses(uses: Iterable[CheckUse]) -> Iterable[str]:
    for use in uses:
        asked = ":".join((use.check, ",".join(use.of))) if use.of else use.check
        sources = f" [{', '.join(use.evidence)}]" if use.evidence else ""
        note = f" Note: {use.note}" if use.note else ""
        yield f"{use.text} ({asked}; {use.mark.value}){sources}{note}"


def _proposal(rule_id: str, proposal: Proposal) -> str:
    """An order by the name that a site's order codes use, what it says, and its codes."""
    order = proposal.order
    codes = [order.code] if isinstance(order, MedicationOrder) else list(order.codes)
    coded = ", ".join(f"{code.system} {code.code}" for code in codes) or "text only"
    return f"{rule_id}/{proposal.id}: {proposal.description}{_only_when(proposal.when)} ({coded})"


def _states(rule: Rule, knowledge: KnowledgeBase) -> Iterable[str]:
    for state, entry in knowledge.states.items():
        for candidate in entry.candidates:
            if candidate.id == rule.id:
                yield f"{state}: {entry.title}{_only_when(candidate.when)}"


def _seed(row: str, knowledge: KnowledgeBase) -> str:
    statement = knowledge.seed[row]
    return statement.statement + (f" Caveat: {statement.caveat}" if statement.caveat else "")


def _only_when(checks: Iterable[str]) -> str:
    said = ", ".join(checks)
    return f" when {said}" if said else ""
