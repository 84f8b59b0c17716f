"""The guards of the knowledge made ready for cards: everything that no patient or order changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cards import wording
from cards.evidence import EvidenceText, evidence_text
from cards.filling import MARKDOWN, PLAIN, Template, template
from cards.local import local_words
from cards.recommendations import SUMMARY_LIMIT, introduced
from cards.sources import primary_source
from cards.wire import RecommendationId, Source, SuggestionExtension
from pathway.errors import KnowledgeError
from pathway.guard_rules import Create, Guard, GuardLevel, Update
from pathway.knowledge_base import KnowledgeBase

_HEADINGS = (wording.FOR_WARNING, wording.AGAINST_WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelText:
    """The words of one way in which a guard fires."""

    summary: Template  # plain text
    message: Template  # markdown


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardText:
    """One guard, ready to be filled."""

    id: str
    title: str  # plain text
    levels: Mapping[str, LevelText]
    says: tuple[Template, ...]  # markdown, sentences that may be left out
    evidence: EvidenceText
    local: tuple[str, ...]  # markdown: what the site has added or changed
    default: str | None  # markdown: what the project made of the evidence
    source: Source
    extension: SuggestionExtension  # of the suggestions that change or take back the order
    words: Mapping[str, Template]  # of its own suggestions, by their text in the knowledge; plain text


def guard_texts(knowledge: KnowledgeBase) -> dict[str, GuardText]:
    """All guards of the knowledge.

    Raises:
        KnowledgeError: a text or a source is wrong; names file, place and what is allowed.
    """
    return {guard.id: _guard_text(guard, knowledge) for guard in knowledge.guards.values()}


def _guard_text(guard: Guard, knowledge: KnowledgeBase) -> GuardText:
    file = f"guards/{guard.id}.yaml"
    if len(guard.title) >= SUMMARY_LIMIT:
        raise KnowledgeError(f"{file}: the title must have fewer than {SUMMARY_LIMIT} characters")
    return GuardText(
        id=guard.id,
        title=guard.title,
        levels={name: _level(level, f"{file}: level '{name}'") for name, level in guard.levels.items()},
        says=tuple(template(sentence, MARKDOWN, f"{file}: says") for sentence in guard.says),
        evidence=evidence_text(guard.evidence, knowledge.evidence, file, _HEADINGS),
        local=local_words(knowledge, guard.id),
        default=introduced(wording.PROJECT_DEFAULT, guard.evidence.project_default),
        source=primary_source(
            knowledge.evidence, guard.primary_source, topic=guard.id, title=guard.title, place=file
        ),
        extension=SuggestionExtension(org_backpath=RecommendationId(recommendation=guard.id)),
        words={text: template(text, PLAIN, f"{file}: suggestion") for text in _own_words(guard)},
    )


def _level(level: GuardLevel, place: str) -> LevelText:
    return LevelText(
        summary=template(level.summary, PLAIN, f"{place}: summary"),
        message=template(level.message, MARKDOWN, f"{place}: message"),
    )


def _own_words(guard: Guard) -> Iterator[str]:
    """What the guard's own suggestions say; an order that is offered instead has its rule's words."""
    for suggestion in guard.suggestions:
        if isinstance(suggestion, Create):
            continue
        yield suggestion.label
        yield suggestion.description
        if isinstance(suggestion, Update) and suggestion.value is not None:
            yield suggestion.value
