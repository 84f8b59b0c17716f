"""A card's detail as HTML."""

import pytest

from cds_service.workbench.markdown_html import html_of, is_web


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("**bold** ~~gone~~", "<p><strong>bold</strong> <s>gone</s></p>\n"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"),
        (
            "[source](https://example.org/a?b=c&d=e)",
            '<p><a href="https://example.org/a?b=c&amp;d=e" rel="noopener noreferrer">source</a></p>\n',
        ),
        ("<b>raw</b>", "<p>&lt;b&gt;raw&lt;/b&gt;</p>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("# no heading", "<p># no heading</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("[x](data:text/html,x)", "<p>[x](data:text/html,x)</p>\n"),
        ("[x](/report)", "<p>[x](/report)</p>\n"),
    ],
)
def test_details_become_html(detail: str, expected: str) -> None:
    assert html_of(detail) == expected


def test_a_picture_is_not_loaded() -> None:
    assert "<img" not in html_of("![x](https://evil.example/x.png)")


def test_a_table_scrolls_by_itself_and_by_keyboard() -> None:
    found = html_of("| For | Against |\n| --- | --- |\n| a | b |")

    assert found.startswith('<div class="wide" role="group" aria-label="Table" tabindex="0"><table>')
    assert found.endswith("</table></div>\n")


@pytest.mark.parametrize("url", ["javascript:alert(1)", " https://a", "https://a b", "//a", "ftp://a", ""])
def test_links_lead_to_the_web_or_nowhere(url: str) -> None:
    assert not is_web(url)
