"""What stands at the top of every answer, with or without cards, on every hook (contract)."""

from collections.abc import Iterable

import msgspec

from cards.gaps import wire_gaps
from cards.wire import Answer, AnswerExtension, AnswerIds, Card, HeldBack
from pathway.facts import DataGap
from pathway.state import Situation

NOT_ASKED = "not-asked"


def answer_of(
    cards: Iterable[Card], situation: Situation, gaps: Iterable[DataGap], *, knowledge_version: str
) -> Answer:
    """The cards with state, evaluation day, knowledge version and data gaps."""
    return Answer(
        cards=tuple(cards),
        extension=AnswerExtension(
            org_backpath=AnswerIds(
                state=situation.state.value,
                as_of=situation.facts.as_of,
                knowledge_version=knowledge_version,
                data_gaps=wire_gaps(gaps),
            )
        ),
    )


def with_memory(answer: Answer, held_back: Iterable[HeldBack], *, was_asked: bool) -> Answer:
    """The answer with what is kept back of it; it says so where memory was not asked."""
    held = tuple(held_back)
    if was_asked and not held:
        return answer
    ids = msgspec.structs.replace(
        answer.extension.org_backpath, held_back=held, memory=None if was_asked else NOT_ASKED
    )
    return msgspec.structs.replace(answer, extension=AnswerExtension(org_backpath=ids))
