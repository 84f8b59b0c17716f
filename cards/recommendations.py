"""The rules of the knowledge made ready for cards: everything that no patient changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice, takewhile

from cards import markdown, wording
from cards.evidence import EvidenceText, evidence_text
from cards.filling import MARKDOWN, PLAIN, Template, template
from cards.local import local_words
from cards.order_drafts import coding_of
from cards.orders import OrderTemplate, order_template
from cards.resources import FhirCoding
from cards.sources import primary_source
from cards.wire import RecommendationId, Source, SuggestionExtension
from pathway.advice import CardKind
from pathway.errors import KnowledgeError
from pathway.knowledge_base import KnowledgeBase
from pathway.rules import Proposal, Rule, ServiceOrder, Variant

SUMMARY_LIMIT = 140  # C-CARD-05: fewer characters than this
_BEGINNING = 40  # characters that tell whether two sentences say the same
_ENOUGH = 100  # characters of an option's first sentence beside which no other stands
_ADEQUATE = "adequate"  # the word of sentences that tell when a trial is


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalTemplate:
    """One proposal: what the button says, what is said of it, and the order."""

    label: Template
    description: Template
    proposed: Template  # the description as a line of the detail, markdown
    briefly: Template | None  # the same for an option of many; None where the label says it all
    named: Template  # the label as a line of the detail, markdown
    order: OrderTemplate
    recommendable: bool
    extension: SuggestionExtension


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of a recommendation on one occasion (a variant, or the usual one)."""

    summary: Template  # plain text
    opening: tuple[Template, ...]  # markdown: why, then further sentences, which may be left out
    brief: tuple[Template, ...]  # the same, one or two sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One rule, ready to be filled."""

    id: str
    title: str  # plain text
    heading: str  # markdown, where a card carries several
    kind: CardKind
    wordings: Mapping[str | None, Wording]
    evidence: EvidenceText
    local: tuple[str, ...]  # markdown: what the site has added or changed
    default: str | None  # markdown: what the project made of the evidence
    patient_words: str | None  # markdown: for the conversation with the patient
    proposals: Mapping[str, ProposalTemplate]
    source: Source


def recommendations(knowledge: KnowledgeBase) -> dict[str, Recommendation]:
    """All rules of the knowledge, their orders checked against FHIR R4.

    Raises:
        KnowledgeError: a text, a source or an order is wrong; names file, place and what is allowed.
    """
    codes = _proposed_codes(knowledge)
    return {rule.id: _recommendation(rule, knowledge, codes) for rule in knowledge.rules.values()}


def _recommendation(rule: Rule, knowledge: KnowledgeBase, codes: Mapping[str, FhirCoding]) -> Recommendation:
    file = f"rules/{rule.id}.yaml"
    if len(rule.title) >= SUMMARY_LIMIT:
        raise KnowledgeError(f"{file}: the title must have fewer than {SUMMARY_LIMIT} characters")
    return Recommendation(
        id=rule.id,
        title=rule.title,
        heading=f"**{markdown.escaped(rule.title)}.**",
        kind=rule.card,
        wordings={
            None: _wording(rule, Variant(), file),
            **{name: _wording(rule, variant, file) for name, variant in rule.variants.items()},
        },
        evidence=evidence_text(rule.evidence, knowledge.evidence, file),
        local=local_words(knowledge, rule.id),
        default=introduced(wording.PROJECT_DEFAULT, rule.evidence.project_default),
        patient_words=introduced(wording.DECIDE, rule.patient_text),
        proposals={proposal.id: _proposal(proposal, rule, codes, file) for proposal in rule.proposals},
        source=primary_source(
            knowledge.evidence, rule.primary_source, topic=rule.id, title=rule.title, place=file
        ),
    )


def _wording(rule: Rule, variant: Variant, file: str) -> Wording:
    why = variant.why or rule.why
    return Wording(
        summary=template(variant.summary or rule.summary, PLAIN, f"{file}: summary"),
        opening=_opening(why, rule.says, file),
        brief=_opening(_shortened(why), _brief(why, rule), file),
    )


def _shortened(why: str) -> str:
    """The first sentence where it says enough, else all of it."""
    first, _, _ = why.partition(". ")
    return f"{first.rstrip('.')}." if len(first) > _ENOUGH else why


def _brief(why: str, rule: Rule) -> tuple[str, ...]:
    """The one further sentence of an option: none beside much already, nor what a source is quoted with.

    When a trial is adequate can wait until one runs.
    """
    if ". " in why or len(why) > _ENOUGH:
        return ()
    quoted = {_beginning(line.says) for line in (*rule.evidence.supports, *rule.evidence.against)}
    left = (s for s in rule.says if _ADEQUATE not in s and _beginning(s) not in quoted)
    return tuple(islice(left, 1))


def _beginning(sentence: str) -> str:
    return sentence[:_BEGINNING]


def _opening(why: str, says: tuple[str, ...], file: str) -> tuple[Template, ...]:
    """Why, with the sentences that always follow it; from the first that may be missing on, each alone."""
    fixed = tuple(takewhile(lambda sentence: "{" not in sentence, says))
    return (
        template(" ".join((why, *fixed)), MARKDOWN, f"{file}: why"),
        *(template(sentence, MARKDOWN, f"{file}: says") for sentence in says[len(fixed) :]),
    )


def _proposal(proposal: Proposal, rule: Rule, codes: Mapping[str, FhirCoding], file: str) -> ProposalTemplate:
    ids = RecommendationId(recommendation=rule.id, carries_out=proposal.recommendation)
    place = f"{file}: proposal '{proposal.id}'"
    return ProposalTemplate(
        label=template(proposal.label, PLAIN, f"{place}: label"),
        description=template(proposal.description, PLAIN, f"{place}: description"),
        proposed=template(f"{wording.PROPOSED}: {proposal.description}", MARKDOWN, f"{place}: description"),
        briefly=_briefly(proposal, place),
        named=template(f"{wording.PROPOSED}: {proposal.label}", MARKDOWN, f"{place}: label"),
        order=order_template(proposal.order, codes, place),
        recommendable=proposal.recommendable,
        extension=SuggestionExtension(org_backpath=ids),
    )


def _briefly(proposal: Proposal, place: str) -> Template | None:
    """A drug with its dose and supply; of a service how much, where its label does not say so."""
    order, text = proposal.order, proposal.description
    if isinstance(order, ServiceOrder):
        text = order.details or ""
        if text in proposal.label or not text[:1].isdigit():
            return None
    return template(f"{wording.PROPOSED}: {text}", MARKDOWN, f"{place}: description")


def introduced(heading: str, text: str | None) -> str | None:
    """A text as a line of markdown behind its heading; None where there is none."""
    return f"{heading}: {markdown.escaped(text)}" if text else None


def _proposed_codes(knowledge: KnowledgeBase) -> dict[str, FhirCoding]:
    """Every code that some proposal orders: what "the same code as last time" may choose from."""
    return {
        coded.code: coding_of(coded)
        for rule in knowledge.rules.values()
        for proposal in rule.proposals
        if isinstance(proposal.order, ServiceOrder)
        for coded in proposal.order.codes
    }
