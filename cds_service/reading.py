"""Decisions written for a person at a terminal: state, cards and why."""

import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from cards.filling import PLAIN, template
from cards.wire import Card, Indicator
from cds_service.decision import Decision
from pathway.advice import Advice, Line
from pathway.facts import DataGap
from pathway.state import Criterion

PAPER_WIDTH = 100  # columns where standard output is no terminal
STYLES = {Indicator.INFO: "bold blue", Indicator.WARNING: "bold yellow", Indicator.CRITICAL: "bold red"}


def print_decision(decision: Decision, name: str | None) -> None:
    """State, cards and why on standard output; `name` tells several inputs apart."""
    console = paper()
    ids = decision.answer.extension.org_backpath
    if name is not None:
        console.rule(escape(name), align="left")
    console.print(
        f"State: [bold]{ids.state}[/] on {ids.as_of} "
        f"(backpath {version('backpath')}, knowledge {ids.knowledge_version})"
    )
    for card in decision.answer.cards:
        _print_card(console, card)
    if not decision.answer.cards:
        console.print("No cards: there is nothing to propose.")
    _print_list(console, "Why this state", map(_criterion, decision.advice.situation.trace))
    kind = "Candidates" if isinstance(decision.advice, Advice) else "Guards"
    reasons = (f"{item.id}: {item.by.value}{_because(item.lines)}" for item in decision.advice.withheld)
    _print_list(console, f"{kind} that are not shown", reasons)
    _print_list(console, "Data gaps", map(_gap, decision.advice.gaps))
    console.print()


def print_summary(states: Counter[str]) -> None:
    """How many inputs came to which state."""
    table = Table("State", "Inputs")
    for state, inputs in states.most_common():
        table.add_row(state, str(inputs))
    paper().print(f"{states.total()} inputs", table, sep="\n")


def write_line(body: bytes) -> None:
    """One JSON document on a line of its own, byte for byte."""
    sys.stdout.buffer.write(body + b"\n")
    sys.stdout.buffer.flush()


def paper() -> Console:
    """Standard output, with a fixed width where it is no terminal."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PAPER_WIDTH)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say on standard error what is being waited for; nothing where that is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield


def shown(text: str) -> str:
    """Text of a chart without control characters, which could steer a terminal."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(char) else char for char in text)


def _steers(char: str) -> bool:
    return char != "\n" and unicodedata.category(char).startswith("C")


def _print_card(console: Console, card: Card) -> None:
    style = STYLES[card.indicator]
    console.print(f"\n[{style}]{card.indicator.upper()}[/] [bold]{escape(shown(card.summary))}[/]")
    console.print(f"source: {escape(shown(card.source.label))}", style="dim")
    console.print(Markdown(shown(card.detail)))
    for suggestion in card.suggestions:
        best = " (best next step)" if suggestion.is_recommended else ""
        console.print(f"-> {escape(shown(suggestion.label))}{best}")


def _print_list(console: Console, title: str, lines: Iterator[str]) -> None:
    for number, line in enumerate(lines):
        if number == 0:
            console.print(f"\n[bold]{title}[/]")
        console.print(f"- {escape(shown(line))}")


def _criterion(criterion: Criterion) -> str:
    places = ", ".join(f"{s.resource_type}/{s.resource_id or '?'}" for s in criterion.sources)
    return f"{criterion.id}: {criterion.verdict.value}" + (f" ({places})" if places else "")


def _because(lines: tuple[Line, ...]) -> str:
    templates = (template(line.text, PLAIN, "a line of the advice") for line in lines)
    told = "; ".join(
        words.filled_as_far_as_known(line.values) for words, line in zip(templates, lines, strict=True)
    )
    return f" ({told})" if told else ""


def _gap(gap: DataGap) -> str:
    where = ".".join(filter(None, (gap.resource, gap.element)))
    return ": ".join(filter(None, (gap.code, where, gap.text)))
