"""Text from a chart made harmless, and our own text as GitHub flavoured markdown.

Clients render `detail` as GFM and let raw HTML through (the CDS Hooks Sandbox does), others show the
source as it is. So chart text is changed in two steps:

* `plain` makes it one short line without control, bidirectional or invisible characters, and
  spaces out what an autolinker would link: `http://`, `www.`, `a@b`, `example.com`. Escaping is not
  enough there, since some renderers look for addresses after they have undone the escapes.
* `escaped` keeps what is left from being read as markdown or HTML. It changes as little as it can,
  for the readers who see the source.
"""

import re
from urllib.parse import quote

LONGEST = 80  # characters of one chart text; a drug or problem name is shorter
UNNAMED = "unnamed entry"  # for a text of which nothing is left

_ABSOLUTE_URL = re.compile(r"https?://[^\s;,]+")
_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?")
_WHITE_SPACE = re.compile(r"\s+")
_DISARMED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<(?=[A-Za-z/!?])"), "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"),  # a tag
    (re.compile(r" ?@ ?"), " @ "),  # an address, a mention
    (re.compile(r"(?i)((?:java|vb)script)\s*:\s*"), r"\1 "),
    (re.compile(r"(?<=[^\W\d_]):(?=\S)"), ": "),  # any other scheme
    (re.compile(r"/(?=/)"), "/ "),  # a scheme-less address
    (re.compile(r"(?i)www(?=\.)"), "www "),
    (re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})"), ". "),  # a host name
)
_SUSPICIOUS = re.compile(r"[@<:.]|//")
_SPECIAL = re.compile(r"[\\`*_\[\]|~<]|&(?=[#A-Za-z])")
_LINE_START = re.compile(r"(?:[#>+=:-]|\d{1,9}(?=[.)](?:\s|$)))")
_ENTITIES = {"<": "&lt;", "&": "&amp;"}


def from_chart(text: str) -> str:
    """Chart text as markdown that shows it, and nothing else, anywhere in a line."""
    if _WORD.fullmatch(text):  # most ids: nothing to do
        return text
    return escaped_line(plain(text))


def plain(text: str) -> str:
    """Chart text as one line of plain text, at most `LONGEST` characters.

    Args:
        text: Any string of a resource, hostile or not.

    Returns:
        The line; longer text ends at a word, with an ellipsis. Never empty.
    """
    line = _WHITE_SPACE.sub(" ", printable(text[: 4 * LONGEST]))
    if _SUSPICIOUS.search(line):
        for pattern, replacement in _DISARMED:
            line = pattern.sub(replacement, line)
    return _shortened(line.strip()) or UNNAMED


def printable(text: str) -> str:
    """The text without control, format, surrogate and private-use characters; breaks become spaces."""
    return text if text.isprintable() else "".join(_kept(character) for character in text)


def escaped(text: str) -> str:
    """One line of plain text as markdown that shows just this text, within a line."""
    return _SPECIAL.sub(_escape, text)


def escaped_line(text: str) -> str:
    """As `escaped`, for text that may begin a line: no list, heading, quote or rule."""
    line = escaped(text)
    start = _LINE_START.match(line)
    if start is None:
        return line
    end = start.end()
    return f"{line[:end]}\\{line[end:]}" if start[0].isdigit() else f"\\{line}"


def link(label: str, url: str | None) -> str:
    """A link of our own to a source; the label alone when there is no URL."""
    words = escaped(label)
    return f"[{words}]({url})" if url else words


def absolute_url(text: str) -> str | None:
    """The absolute URL that begins `text`, safe in markdown and JSON; None when none does.

    Some sources of clinical/pathway.md (f) list several places, or name one in words.
    """
    match = _ABSOLUTE_URL.match(text)
    return quote(match[0], safe="/:?&=#%+@~-._") if match else None


def _kept(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else ""


def _shortened(line: str) -> str:
    if len(line) <= LONGEST:
        return line
    cut = line[: LONGEST - 1]
    words, _, _ = cut.rpartition(" ")
    return (words if len(words) > LONGEST // 2 else cut).rstrip() + "…"


def _escape(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0]) or f"\\{match[0]}"
