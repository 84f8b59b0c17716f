"""Words are broken into lines that fit."""

from hypothesis import given
from hypothesis import strategies as st

from cds_service.picture.names import LONGEST_CHARTED, charted
from cds_service.picture.typesetting import lines_of, width


def test_a_long_note_takes_a_second_line_and_then_ends() -> None:
    assert lines_of("one two three four five six", size=10, room=50, most=2) == ("one two", "three fo…")


@given(st.text(max_size=80), st.integers(20, 300), st.integers(1, 3))
def test_no_line_is_wider_than_its_room(text: str, room: int, most: int) -> None:
    lines = lines_of(text, size=12, room=room, most=most)

    assert 1 <= len(lines) <= most
    assert all(width(line, 12) <= room for line in lines)


@given(st.text(max_size=400))
def test_chart_words_are_one_line_of_characters_that_a_document_may_hold(text: str) -> None:
    shown = charted(text)

    assert len(shown) <= LONGEST_CHARTED
    assert shown.isprintable() or all(c not in shown for c in "\n\r\t\x00\u202e\ud800")
