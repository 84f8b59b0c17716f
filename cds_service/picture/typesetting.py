"""Words of a picture broken into lines that fit, by how wide letters usually are."""

from collections.abc import Iterator
from unicodedata import combining, east_asian_width

NAME_SIZE, NOTE_SIZE, LABEL_SIZE = 13, 12, 11  # pixels
ELLIPSIS = "…"
_NARROW = frozenset("fijlrtI.,:;|!'()[]/- ")
_BROAD = frozenset("mwMW@%—…")
# of the type size; a little more than in common sans-serif faces, so that a line rather ends early
_WIDTHS = {"narrow": 0.34, "broad": 0.92, "capital": 0.69, "usual": 0.57, "full": 1.0}


def width(text: str, size: int) -> float:
    """About how wide words are, in pixels."""
    return size * sum(map(_em, text))


def _em(letter: str) -> float:
    if combining(letter):
        return 0.0
    if east_asian_width(letter) in "WF":
        return _WIDTHS["full"]
    if letter in _NARROW:
        return _WIDTHS["narrow"]
    if letter in _BROAD:
        return _WIDTHS["broad"]
    return _WIDTHS["capital" if letter.isupper() else "usual"]


def lines_of(text: str, *, size: int, room: float, most: int) -> tuple[str, ...]:
    """The words in at most so many lines of that width; what does not fit ends in an ellipsis."""
    lines = list(_filled(text.split(" "), size, room))
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return tuple(_cut(line, size, room) for line in lines)


def _filled(words: list[str], size: int, room: float) -> Iterator[str]:
    line = ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if line and width(longer, size) > room:
            yield line
            line = word
        else:
            line = longer
    yield line


def _cut(line: str, size: int, room: float) -> str:
    if width(line, size) <= room:
        return line
    left = room - width(ELLIPSIS, size)
    for end, letter in enumerate(line):
        left -= width(letter, size)
        if left < 0:
            return line[:end].rstrip() + ELLIPSIS
    return line
