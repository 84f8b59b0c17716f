"""The knowledge for a clinician's eyes: `backpath knowledge check` and `show ID`."""

import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cards.rendering import Renderer
from cds_service.hooks import services
from cds_service.progress import tracked
from cds_service.reading import paper
from cds_service.samples import Samples
from pathway.errors import KnowledgeError
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_code_rows, load_golden, load_knowledge
from pathway.proving import failures, uncovered
from pathway.rules import CheckUse, EvidenceLine, MedicationOrder, Proposal, Rule

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
    problems = uncovered(knowledge, golden)
    cases = [(file, case) for file, cases in golden.items() for case in cases]
    for file, case in tracked(cases, "Golden cases"):
        problems += [f"golden/{file}: {case.name!r}: {text}" for text in failures(case, knowledge, rows)]
    for problem in problems:
        print(f"backpath: {problem}", file=sys.stderr)  # noqa: T201 - a command line speaks
    if problems:
        return BAD_INPUT
    counts = {
        "recommendations": len(knowledge.rules),
        "orders": sum(len(rule.proposals) for rule in knowledge.rules.values()),
        "states": len(knowledge.states),
        "thresholds": len(knowledge.thresholds),
        "sources": len(knowledge.evidence),
        "statements of the seed": len(knowledge.seed),
        "override reasons": len(knowledge.override_reasons),
        "codes": sum(row.verified for row in rows),
        "golden cases": len(cases),
        "services": len(services(rows)),
        "sample patients": len(Samples.load(rows).by_id),
    }
    table = Table("Checked", "Number")
    for what, number in counts.items():
        table.add_row(what, str(number))
    paper().print(f"Knowledge {knowledge.version} is whole.", table, sep="\n")
    return DONE


def show(rule_id: str) -> int:
    """Print one recommendation; the exit status.

    Raises:
        KnowledgeError: there is none of that id; lists those that there are.
    """
    knowledge = load_knowledge()
    rule = knowledge.rules.get(rule_id)
    if rule is None:
        known = ", ".join(sorted(knowledge.rules))
        raise KnowledgeError(f"no recommendation {rule_id!r}; known: {known}")
    print_rule(rule, knowledge)
    return DONE


def print_rule(rule: Rule, knowledge: KnowledgeBase) -> None:
    """One recommendation whole: words, criteria, evidence for and against, orders, sources."""
    console = paper()
    _head(console, rule)
    _list(console, "What the card may add", rule.says)
    _list(console, "Shown only if", _uses((*rule.show_if, *rule.durations)))
    _list(console, "Hidden by", _uses(rule.contraindications))
    _list(console, "Cautions", _uses(rule.cautions))
    _list(console, "To settle first", _uses(rule.blockers))
    _list(console, "For", (_evidence(line, knowledge) for line in rule.evidence.supports))
    _list(console, "Against", (_evidence(line, knowledge) for line in rule.evidence.against))
    _list(console, "Project default", filter(None, (rule.evidence.project_default,)))
    _list(console, "Proposed orders", map(_proposal, rule.proposals))
    _list(console, "Variants", (f"{name}: {v.summary or v.why or ''}" for name, v in rule.variants.items()))
    _list(console, "Candidate in the states", _states(rule, knowledge))
    _list(console, "Reasons to override", _reasons(rule, knowledge))
    _list(console, "Statements of the seed", (_seed(row, knowledge) for row in rule.seed))
    _list(console, "Our reading", rule.notes)
    _list(console, "Sources", _sources(rule, knowledge))


def _head(console: Console, rule: Rule) -> None:
    console.print(f"[bold]{escape(rule.title)}[/]  ({rule.id})")
    console.print(f"Card: {rule.card.value}; urgency: {rule.urgency.value}; reviewed {rule.last_reviewed}")
    console.print(f"\n{escape(rule.summary)}\n{escape(rule.why)}")
    if rule.patient_text:
        console.print(f"For the patient: {escape(rule.patient_text)}")


def _list(console: Console, title: str, lines: Iterable[str]) -> None:
    for number, line in enumerate(lines):
        if number == 0:
            console.print(f"\n[bold]{title}[/]")
        console.print(f"- {escape(line)}")


def _uses(uses: Iterable[CheckUse]) -> Iterable[str]:
    for use in uses:
        asked = ":".join((use.check, ",".join(use.of))) if use.of else use.check
        sources = f" [{', '.join(use.evidence)}]" if use.evidence else ""
        note = f" Note: {use.note}" if use.note else ""
        yield f"{use.text} ({asked}; {use.mark.value}){sources}{note}"


def _evidence(line: EvidenceLine, knowledge: KnowledgeBase) -> str:
    source = knowledge.evidence[line.source]
    graded = [f"strength: {line.strength}"] if line.strength else []
    graded += [f"certainty: {line.certainty}"] if line.certainty else []
    grades = "; ".join([*graded, f"mark: {line.mark.value}"])
    return f"{source.publisher} {source.year}: {line.says} ({grades})"


def _proposal(proposal: Proposal) -> str:
    order = proposal.order
    codes = [order.code] if isinstance(order, MedicationOrder) else list(order.codes)
    coded = ", ".join(f"{code.system} {code.code}" for code in codes) or "text only"
    when = f" when {', '.join(proposal.when)}" if proposal.when else ""
    return f"{proposal.description}{when} ({coded})"


def _states(rule: Rule, knowledge: KnowledgeBase) -> Iterable[str]:
    for state, entry in knowledge.states.items():
        for candidate in entry.candidates:
            if candidate.id == rule.id:
                when = f" when {', '.join(candidate.when)}" if candidate.when else ""
                yield f"{state}: {entry.title}{when}"


def _reasons(rule: Rule, knowledge: KnowledgeBase) -> Iterable[str]:
    for code in (*rule.override_reasons, *knowledge.common_override_reasons):
        yield f"{knowledge.override_reasons[code].display} ({code})"


def _seed(row: str, knowledge: KnowledgeBase) -> str:
    statement = knowledge.seed[row]
    return statement.statement + (f" Caveat: {statement.caveat}" if statement.caveat else "")


def _sources(rule: Rule, knowledge: KnowledgeBase) -> Iterable[str]:
    lines = (*rule.evidence.supports, *rule.evidence.against)
    used = dict.fromkeys((rule.primary_source, *(line.source for line in lines)))
    for name in used:
        source = knowledge.evidence[name]
        yield f"{name}: {source.title}. {source.publisher}, {source.year}. {source.url} ({source.opened})"
