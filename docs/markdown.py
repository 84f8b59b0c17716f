"""Markdown for the pages that are made."""

import re
from collections.abc import Iterable, Iterator, Sequence


def with_part(page: str, name: str, text: str) -> str:
    """The page with one made part written again.

    The part stands between the comments `<!-- made: NAME -->` and `<!-- end -->`.
    """
    opening, closing = f"<!-- made: {name} -->", "<!-- end -->"
    part = re.compile(rf"{re.escape(opening)}.*?{closing}", re.DOTALL)
    return part.sub(lambda _: f"{opening}\n{text}\n{closing}", page)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table, with the blank line that ends it."""
    yield _row(headings)
    yield _row(["---"] * len(headings))
    yield from map(_row, rows)
    yield ""


def _row(cells: Sequence[str]) -> str:
    safe = [cell.replace("|", r"\|").replace("\n", " ") for cell in cells]
    return f"| {' | '.join(safe)} |"
