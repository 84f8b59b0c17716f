"""What stands at the top of every answer, with or without cards, on every hook (contract)."""

from collections.abc import Iterable

from cards.gaps import wire_gaps
from cards.wire import Answer, AnswerExtension, AnswerIds, Card
from pathway.facts import DataGap
from pathway.state import Situation


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
