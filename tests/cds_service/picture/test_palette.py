"""The colours: one a role, with contrast enough, and the same in the style sheet."""

import re
from pathlib import Path

import pytest

import cds_service
from cds_service.picture.palette import COLOURS, Role, Theme

SHEET = Path(cds_service.__file__).parent / "static" / "picture.css"
WORDS = (Role.INK, Role.MUTED, Role.INJECTION, Role.PAIN, Role.FUNCTION)
GROUNDS = {Role.PAPER, Role.BAND, Role.WINDOW}
MARKS = [role for role in Role if role not in GROUNDS and role is not Role.GRID]  # the grid only helps


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("ground", [Role.PAPER, Role.BAND])
def test_words_and_marks_stand_out(theme: Theme, ground: Role) -> None:
    colours = COLOURS[theme]

    for role in WORDS:
        assert contrast(colours[role], colours[ground]) >= 4.5
    for role in MARKS:
        assert contrast(colours[role], colours[ground]) >= 3


@pytest.mark.parametrize("theme", Theme)
def test_what_is_written_in_the_window_stands_out(theme: Theme) -> None:
    assert contrast(COLOURS[theme][Role.INJECTION], COLOURS[theme][Role.WINDOW]) >= 4.5


@pytest.mark.parametrize("theme", Theme)
def test_each_role_has_a_colour_of_its_own(theme: Theme) -> None:
    assert len(set(COLOURS[theme].values())) == len(Role)


def test_the_style_sheet_has_the_same_colours() -> None:
    sheet = SHEET.read_text(encoding="utf-8")

    found = re.findall(r"--picture-(\w+): (#[0-9a-f]{6});", sheet)

    assert found == [(role, COLOURS[theme][role]) for theme in (Theme.LIGHT, Theme.DARK) for role in Role]
    for role in Role:
        for kind in ("fill", "stroke"):
            assert f".{kind}-{role} {{ {kind}: var(--picture-{role}); }}" in sheet


def test_the_style_sheet_loads_nothing() -> None:
    sheet = SHEET.read_text(encoding="utf-8")

    assert "url(" not in sheet
    assert "@import" not in sheet
