"""Chart text is shown, and does nothing else."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cards import markdown
from tests.cards.rendered import PARSER, kinds, words

FRAGMENTS = (
    "<b>", "</b>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!--", "-->",
    "<?x", "<![CDATA[",
    "http://", "https://", "evil.com", "www.", "www.evil.example", "//evil.com", "ftp://x.org", "javascript:",
    "mailto:", "a@b.com", "@user", "<http://e.co>", "<a@b.co>", "[x](http://e.co)", "![i](u)", "[r]: http://e.co",
    "*", "**", "_", "__", "~~", "`", "```", "|", "|-|-|", "\\", "&lt;", "&#60;", "&amp", "# ", "> ", "- ",
    "+ ", "1. ", "1) ", "===", "---", "\n", "\r\n", "\t", "    ", "\x00", "\x1b", "\u2028", "\u202e",
    "\u200b", "\ud800", "\ue000", "5", "2.5", "(", ")", "[", "]", "!", "{", "}", ":", "::", ".", "/",
    "é", "漢", "x",
)  # fmt: skip
hostile = st.one_of(
    st.text(),
    st.lists(st.sampled_from(FRAGMENTS), max_size=9).map("".join),
    st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=3)), max_size=9).map("".join),
)


@settings(deadline=None)  # a busy machine is no failure
@given(hostile)
@example("<script>alert(1)</script>")
@example("http://evil.com www.evil.com a@b.com //localhost")
@example("1. first\n2. second")
@example("")
def test_chart_text_renders_as_the_plain_text_and_nothing_else(text: str) -> None:
    shown = markdown.from_chart(text)

    assert kinds(shown) <= {"paragraph_open", "paragraph_close", "inline", "text"}
    assert markdown.plain(text) == words(shown)


@settings(deadline=None)  # a busy machine is no failure
@given(hostile)
def test_chart_text_stays_one_short_line_of_visible_characters(text: str) -> None:
    line = markdown.plain(text)

    assert line.isprintable()
    assert 0 < len(line) <= markdown.LONGEST
    assert line == line.strip()
    assert line.encode()


@settings(deadline=None)  # a busy machine is no failure
@given(hostile)
def test_chart_text_in_a_table_cell_keeps_the_table(text: str) -> None:
    table = f"| For | Against |\n| --- | --- |\n| {markdown.from_chart(text)} | b |"

    rows = [token.type for token in PARSER.parse(table)]

    assert rows.count("tr_open") == 2
    assert rows.count("td_open") == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Low back pain (finding)", "Low back pain (finding)"),
        ("naproxen 500 MG Oral Tablet", "naproxen 500 MG Oral Tablet"),
        ("Onset <3 months, eGFR >= 24.5", "Onset &lt;3 months, eGFR >= 24.5"),
        ("pain & disability", "pain & disability"),
        ("Acetaminophen 325 MG [Tylenol]", "Acetaminophen 325 MG \\[Tylenol\\]"),
        ("10*3/uL", "10\\*3/uL"),
        ("# 3", "\\# 3"),
        ("2. Sciatica", "2\\. Sciatica"),
        ("see http://evil.com", "see http: / /evil. com"),
        ("mail a@b.org", "mail a @ b. org"),
        ("a\r\nb\tc\u202ed", "a b cd"),
        ("\u200b\u202e", markdown.UNNAMED),
    ],
)
def test_text_is_changed_as_little_as_is_safe(text: str, shown: str) -> None:
    assert shown == markdown.from_chart(text)


def test_plain_text_holds_no_tag_for_clients_that_read_a_summary_as_html() -> None:
    assert "<s" not in markdown.plain("<script>")


def test_long_text_ends_at_a_word() -> None:
    shown = markdown.plain("Lumbar radiculopathy " * 20)

    assert shown == "Lumbar radiculopathy Lumbar radiculopathy Lumbar radiculopathy Lumbar…"


def test_a_very_long_text_costs_no_more_than_a_long_one() -> None:
    shown = markdown.plain("x" * 20_000_000)

    assert len(shown) == markdown.LONGEST


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("https://example.org/a ; text: https://example.org/b", "https://example.org/a"),
        ('https://example.org/?q=set:"x"(y)', "https://example.org/?q=set:%22x%22%28y%29"),
        ("example.org (somewhere)", None),
        ("urn:backpath:seed", None),
    ],
)
def test_only_an_absolute_web_address_is_a_url(text: str, url: str | None) -> None:
    assert url == markdown.absolute_url(text)
