"""What the printed views of a recommendation and of a guard have in common."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.markup import escape

from pathway.knowledge_base import KnowledgeBase
from pathway.rules import EvidenceLine, RuleEvidence


def print_list(console: Console, title: str, lines: Iterable[str]) -> None:
    """A heading with its lines; nothing where there are none."""
    for number, line in enumerate(lines):
        if number == 0:
            console.print(f"\n[bold]{title}[/]")
        console.print(f"- {escape(line)}")


def print_evidence(console: Console, evidence: RuleEvidence, knowledge: KnowledgeBase) -> None:
    """Both sides, and what the project made of them."""
    print_list(console, "For", (_line(line, knowledge) for line in evidence.supports))
    print_list(console, "Against", (_line(line, knowledge) for line in evidence.against))
    print_list(console, "Project default", filter(None, (evidence.project_default,)))


def override_reasons(own: Iterable[str], knowledge: KnowledgeBase) -> Iterator[str]:
    """The reasons that a card offers: its own, then those that every card has."""
    for code in dict.fromkeys((*own, *knowledge.common_override_reasons)):
        yield f"{knowledge.override_reasons[code].display} ({code})"


def sources(primary: str, evidence: RuleEvidence, knowledge: KnowledgeBase) -> Iterator[str]:
    """Every source that is cited, the primary one first."""
    lines = (*evidence.supports, *evidence.against)
    for name in dict.fromkeys((primary, *(line.source for line in lines))):
        source = knowledge.evidence[name]
        yield f"{name}: {source.title}. {source.publisher}, {source.year}. {source.url} ({source.opened})"


def _line(line: EvidenceLine, knowledge: KnowledgeBase) -> str:
    source = knowledge.evidence[line.source]
    graded = [f"strength: {line.strength}"] if line.strength else []
    graded += [f"certainty: {line.certainty}"] if line.certainty else []
    grades = "; ".join([*graded, f"mark: {line.mark.value}"])
    return f"{source.publisher} {source.year}: {line.says} ({grades})"
