"""The page docs/pathway.md: the whole knowledge, in the order in which a clinician asks."""

from collections.abc import Iterable, Iterator, Sequence

from docs.knowledge_tables import HOW_CHECKED, MARKS, THRESHOLD_HEADINGS, evidence_table, threshold_rows
from docs.markdown import table
from pathway.advice import CardKind
from pathway.knowledge_base import KnowledgeBase
from pathway.rules import (
    Candidate,
    CheckUse,
    Proposal,
    Rule,
    StateEntry,
    Variant,
)

CARDS = {
    CardKind.STATE: "The state card: the next step",
    CardKind.NON_DRUG: "Therapy without drugs",
    CardKind.DRUG: "Drugs",
    CardKind.INTERVENTION: "Injection, imaging, referral",
    CardKind.EVIDENCE: "Evidence and scores",
}
INTRODUCTION = """\
# The pathway for clinicians

<!-- Made from pathway/knowledge by `make docs`: change the knowledge, not this page. -->

This page is made from the files that the service itself reads; what stands here is what it does.
Knowledge version `{version}`.

The pathway proposes, the clinician decides. It is for adults with low back pain, with or without leg
symptoms, during or after conservative care, and for neuropathic pain after spinal cord injury.
What the record does not say is unknown, never "no". Words in braces are filled in for the patient.

{how_checked}
- [States](#states): where a patient stands, and what is considered there
- [Recommendations](#recommendations): each with its reasons, evidence for and against, and limits
- [Thresholds](#thresholds): every number, with unit and evidence; those of the guards too
- [Seed statements](#seed-statements): which part of the pathway carries them
- [Sources](#sources)

What is said about orders while they are written stands on [a page of its own](guards.md).
"""


def pathway_page(knowledge: KnowledgeBase) -> str:
    """The whole page, GitHub-flavoured Markdown."""
    parts = [
        [INTRODUCTION.format(version=knowledge.version, how_checked=HOW_CHECKED)],
        _states(knowledge),
        _recommendations(knowledge),
        _thresholds(knowledge),
        _seed(knowledge),
        _sources(knowledge),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _states(knowledge: KnowledgeBase) -> Iterator[str]:
    yield "## States\n"
    yield "The first state that fits, from the top, is the patient's; it is worked out afresh each time.\n"
    for number, (name, state) in enumerate(knowledge.states.items(), start=1):
        yield from _state(number, name, state)


def _state(number: int, name: str, state: StateEntry) -> Iterator[str]:
    yield f"### {number}. {state.title}\n"
    yield f"`{name}`\n"
    yield f"- **Entry:** {state.entry}"
    yield f"- **Left when:** {state.exit}"
    yield f"- **What would change the advice:** {state.changes}"
    if state.candidates:
        yield f"- **Considered, in this order:** {'; '.join(map(_candidate, state.candidates))}"
    else:
        yield "- **Considered:** nothing; no cards are shown"
    yield from (f"- **Note:** {note}" for note in state.notes)
    yield ""


def _candidate(candidate: Candidate) -> str:
    words = f"[{candidate.id}](#{candidate.id})"
    if candidate.variant:
        words += f", variant *{candidate.variant}*"
    if candidate.when:
        words += f", only if {_all_of(candidate.when)}"
    return words


def _all_of(checks: Iterable[str]) -> str:
    return " and ".join(f"`{check}`" for check in checks)


def _recommendations(knowledge: KnowledgeBase) -> Iterator[str]:
    yield "## Recommendations\n"
    for kind, heading in CARDS.items():
        yield f"### {heading}\n"
        for rule in knowledge.rules.values():
            if rule.card is kind:
                yield from _rule(rule, knowledge)


def _rule(rule: Rule, knowledge: KnowledgeBase) -> Iterator[str]:
    # the anchor keeps links short whatever the title says
    yield f'<a id="{rule.id}"></a>\n'
    yield f"#### {rule.title}\n"
    yield f"`{rule.id}` · {rule.urgency.value} · sources last re-read {rule.last_reviewed.isoformat()}\n"
    yield f"> {rule.summary}\n"
    yield f"{rule.why}\n"
    yield from (f"- {sentence}" for sentence in rule.says)
    if rule.patient_text:
        yield f"- *For the conversation:* {rule.patient_text}"
    yield ""
    yield from evidence_table(rule.evidence, knowledge)
    yield from _limits(rule)
    yield from _offers(rule)
    yield from (f"*Reading:* {note}\n" for note in rule.notes)


def _limits(rule: Rule) -> Iterator[str]:
    lines = [
        *_uses("Shown only if", rule.show_if),
        *_uses("Shown for", rule.durations),
        *_uses("Not suggested", rule.contraindications),
        *_uses("To be dealt with first", rule.blockers),
        *_uses("Caution", rule.cautions),
    ]
    if rule.tried_by:
        lines.append(f"- **Hidden by a trial of:** {', '.join(rule.tried_by)}")
    if rule.open_orders:
        lines.append(f"- **Hidden by an open order of:** {', '.join(rule.open_orders)}")
    yield from lines
    if lines:
        yield ""


def _uses(heading: str, uses: Sequence[CheckUse]) -> list[str]:
    return [f"- **{heading}:** {_use(use)}" for use in uses]


def _use(use: CheckUse) -> str:
    check = f"{use.check}: {', '.join(use.of)}" if use.of else use.check
    sources = ", ".join(f"[{source}](#source-{source})" for source in use.evidence)
    marked = f"`{check}`; {MARKS[use.mark]}" + (f"; {sources}" if sources else "")
    note = f" {use.note}" if use.note else ""
    return f"{use.text} ({marked}){note}"


def _offers(rule: Rule) -> Iterator[str]:
    for proposal in rule.proposals:
        yield f"- **Order offered:** {_proposal(proposal)}"
    for name, variant in rule.variants.items():
        yield f"- **Variant *{name}*:** {_variant(variant)}"
    if rule.override_reasons:
        yield f"- **Further reasons to decline:** {', '.join(rule.override_reasons)}"
    if rule.proposals or rule.variants or rule.override_reasons:
        yield ""


def _proposal(proposal: Proposal) -> str:
    when = f" (only if {_all_of(proposal.when)})" if proposal.when else ""
    return f"{proposal.label}{when}: {proposal.description}"


def _variant(variant: Variant) -> str:
    parts = [part for part in (variant.summary, variant.why) if part]
    if variant.urgency:
        parts.append(f"urgency {variant.urgency.value}")
    return "; ".join(parts) or "other orders"


def _thresholds(knowledge: KnowledgeBase) -> Iterator[str]:
    yield "## Thresholds\n"
    yield from table(
        THRESHOLD_HEADINGS,
        [row for name, item in knowledge.thresholds.items() for row in threshold_rows(name, item)],
    )


def _seed(knowledge: KnowledgeBase) -> Iterator[str]:
    yield "## Seed statements\n"
    yield "The text that the project started from, statement by statement, and what carries each.\n"
    rows = []
    for name, seed in knowledge.seed.items():
        rules = [f"[{rule.id}](#{rule.id})" for rule in knowledge.rules.values() if name in rule.seed]
        states = [f"state `{state}`" for state in seed.states]
        rows.append((seed.statement, ", ".join([*rules, *states, *seed.mechanisms]), seed.caveat or ""))
    yield from table(("Statement", "Carried by", "Caveat shown"), rows)


def _sources(knowledge: KnowledgeBase) -> Iterator[str]:
    yield "## Sources\n"
    for name, source in knowledge.evidence.items():
        web = source.url.startswith("http")
        title = f"[{source.title}]({source.url})" if web else source.title
        yield f'- <a id="source-{name}"></a>`{name}` {title}. {source.publisher} ({source.year}).'
        yield f"  Read: {source.opened}; {source.retrieved.isoformat()}."
