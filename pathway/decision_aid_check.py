"""Cross-checks of the decision aids."""

from collections.abc import Iterator

from pathway.decision_aids import FILE, LONGEST_SENTENCE, DecisionAid
from pathway.knowledge_base import KnowledgeBase
from pathway.number_words import unknown_in
from pathway.rules import Mark


def aid_problems(knowledge: KnowledgeBase) -> Iterator[str]:
    """Everything that is wrong with the decision aids, one sentence each."""
    for name, aid in knowledge.decision_aids.items():
        place = f"{FILE}: {name}"
        for rule in aid.recommendations:
            if rule not in knowledge.rules:
                yield f"{place}: no such recommendation {rule!r}"
        for told in (*aid.benefits, *aid.harms, *aid.unknown):
            for source in told.evidence:
                if source not in knowledge.evidence:
                    yield f"{place}: no such source {source!r}"
            if told.mark in (Mark.VERIFIED, Mark.SEED) and not told.evidence:
                yield f"{place}: a sentence marked {told.mark.value} needs evidence: {told.says!r}"
        yield from (f"{place}: {problem}" for problem in unknown_in(aid))
        yield from (f"{place}: {problem}" for problem in _not_plain(aid))


def _not_plain(aid: DecisionAid) -> Iterator[str]:
    """Sentences that are too long for a patient in pain."""
    told = (one.says for one in (*aid.benefits, *aid.harms, *aid.unknown))
    for text in (aid.about, aid.otherwise, *aid.questions, *told):
        for sentence in text.replace("?", ".").split(". "):
            if len(sentence.split()) > LONGEST_SENTENCE:
                yield f"a sentence has more than {LONGEST_SENTENCE} words: {sentence!r}"
