"""A detail as a GFM renderer with all extensions sees it: raw HTML let through, bare addresses linked."""

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"html": True, "linkify": True}).enable(
    ["table", "strikethrough", "linkify"]
)

# What our own templates use; an html_block, html_inline, image, heading or code is nobody's.
OURS = frozenset(
    {
        "text",
        "inline",
        "softbreak",
        "paragraph_open",
        "paragraph_close",
        "bullet_list_open",
        "bullet_list_close",
        "list_item_open",
        "list_item_close",
        "strong_open",
        "strong_close",
        "link_open",
        "link_close",
        *(
            f"{part}_{end}"
            for part in ("table", "thead", "tbody", "tr", "th", "td")
            for end in ("open", "close")
        ),
    }
)


def tokens(source: str) -> Iterator[Token]:
    for token in PARSER.parse(source):
        yield token
        yield from token.children or ()


def kinds(source: str) -> set[str]:
    return {token.type for token in tokens(source)}


def links(source: str) -> list[str]:
    return [str(token.attrGet("href")) for token in tokens(source) if token.type == "link_open"]


def structure(source: str) -> list[tuple[str, str | None]]:
    """Every element and its address, without the words."""
    return [
        (token.type, None if token.attrGet("href") is None else str(token.attrGet("href")))
        for token in tokens(source)
        if token.type not in ("text", "softbreak")
    ]


def words(source: str) -> str:
    """What a reader sees."""
    return "".join(token.content for token in tokens(source) if token.type == "text")
