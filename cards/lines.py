"""Lines that the advice quotes from the knowledge: cautions, blockers, reasons, notes."""

from collections.abc import Iterator

from cards.filling import MARKDOWN, template
from cards.patient_facts import place_of
from pathway.advice import Line
from pathway.knowledge_base import KnowledgeBase
from pathway.rules import CheckUse


class LineWriter:
    """Writes lines as markdown; built once from the knowledge."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        """Make the texts ready that advice may quote.

        Raises:
            KnowledgeError: a text has a brace that is no placeholder.
        """
        self._templates = {text: template(text, MARKDOWN, place) for place, text in _texts(knowledge)}

    def line(self, line: Line) -> str:
        """A line of the advice with its sources; what is not known is called so."""
        known = self._templates.get(line.text)
        text = known if known is not None else template(line.text, MARKDOWN, "a line of the advice")
        return f"{text.filled_as_far_as_known(line.values)}{place_of(line.sources)}"


def _texts(knowledge: KnowledgeBase) -> Iterator[tuple[str, str]]:
    """Every text that the advice may quote, with its place."""
    for name, text in knowledge.texts.items():
        yield f"texts.yaml: {name}", text
    for rule in knowledge.rules.values():
        uses: tuple[CheckUse, ...] = (
            *rule.show_if,
            *rule.durations,
            *rule.contraindications,
            *rule.cautions,
            *rule.blockers,
        )
        for use in uses:
            yield f"rules/{rule.id}.yaml: {use.check}", use.text
