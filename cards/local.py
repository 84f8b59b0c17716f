"""What a site has added to, or changed of, a recommendation or guard, as lines of markdown."""

from cards import markdown, wording
from pathway.knowledge_base import KnowledgeBase
from pathway.local_lines import LocalLine, local_lines


def local_words(knowledge: KnowledgeBase, name: str) -> tuple[str, ...]:
    """The lines to show with a recommendation or guard, each with who decided it and when."""
    return tuple(_words(line) for line in local_lines(knowledge, name))


def _words(line: LocalLine) -> str:
    heading = wording.LOCAL_SETTING if line.is_setting else wording.LOCAL_NOTE
    by, text = markdown.escaped(line.by), markdown.escaped(line.text)
    return f"{heading} ({by}, {line.on.isoformat()}): {text}"
