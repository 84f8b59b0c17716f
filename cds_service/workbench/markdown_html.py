"""A card's detail as HTML: GitHub flavoured markdown, raw HTML shown as text, links to the web only."""

import re
from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

WEB = re.compile(r"https?://[^\s\x00-\x1f]+", re.IGNORECASE)
NO_CARD_HAS = ["heading", "lheading", "image", "html_block", "html_inline", "code"]


def is_web(url: str) -> bool:
    """Whether a link may lead there."""
    return WEB.fullmatch(url) is not None


def html_of(detail: str) -> Markup:
    """The HTML of a card's detail."""
    return Markup(_markdown().render(detail))  # noqa: S704 - raw HTML in it is escaped


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.disable(NO_CARD_HAS)
    markdown.validateLink = is_web  # type: ignore[method-assign]  # the library's own way
    markdown.add_render_rule("link_open", _link)
    # a wide table scrolls by itself, also by keyboard
    markdown.add_render_rule(
        "table_open", lambda *_: '<div class="wide" role="group" aria-label="Table" tabindex="0"><table>\n'
    )
    markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return markdown


def _link(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: Any,  # noqa: ANN401 - as the library calls it
    env: MutableMapping[str, Any],
) -> str:
    del env
    tokens[index].attrSet("rel", "noopener noreferrer")
    return renderer.renderToken(tokens, index, options, {})
