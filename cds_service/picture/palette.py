"""The colours of the picture by what they stand for, in light and in dark.

Each role has a colour of its own in the light palette: by it the SVG's marks are known again and
given the class that a page's style sheet colours (`picture.css`). No colour carries a meaning
alone: everything it says stands in words beside it. Contrast is tested: 4.5 to 1 for words, 3 to 1
for marks (WCAG 2.2, 1.4.3 and 1.4.11).
"""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a colour stands for; the class of a mark ends in it."""

    PAPER = "paper"
    INK = "ink"
    MUTED = "muted"  # words that explain
    GRID = "grid"
    BAND = "band"  # behind every second lane
    PROBLEM = "problem"
    FLAG = "flag"
    ADEQUATE = "adequate"
    RUNNING = "running"
    SHORT = "short"  # not adequate
    STOPPED = "stopped"  # not tolerated
    OTHER = "other"
    STUDY = "study"
    INJECTION = "injection"
    WINDOW = "window"
    SURGERY = "surgery"
    PAIN = "pain"
    FUNCTION = "function"
    TODAY = "today"


class Theme(StrEnum):
    """For an SVG that stands alone; on our pages the style sheet decides."""

    LIGHT = "light"
    DARK = "dark"


COLOURS: Mapping[Theme, Mapping[Role, str]] = {
    Theme.LIGHT: {
        Role.PAPER: "#fdfdfb",
        Role.INK: "#1c1f23",
        Role.MUTED: "#52585f",
        Role.GRID: "#dcdfe3",
        Role.BAND: "#f3f4f2",
        Role.PROBLEM: "#4a5a70",
        Role.FLAG: "#b3001b",
        Role.ADEQUATE: "#1f5f99",
        Role.RUNNING: "#1b7a55",
        Role.SHORT: "#7d6a3a",
        Role.STOPPED: "#a8442a",
        Role.OTHER: "#6b7280",
        Role.STUDY: "#33606b",
        Role.INJECTION: "#7b3294",
        Role.WINDOW: "#efe0f5",
        Role.SURGERY: "#8a2f52",
        Role.PAIN: "#b4460f",
        Role.FUNCTION: "#0f6f6c",
        Role.TODAY: "#3b4046",
    },
    Theme.DARK: {
        Role.PAPER: "#16181b",
        Role.INK: "#e8eaed",
        Role.MUTED: "#b3b9c1",
        Role.GRID: "#343941",
        Role.BAND: "#1e2125",
        Role.PROBLEM: "#93a5c0",
        Role.FLAG: "#ff7a85",
        Role.ADEQUATE: "#6fb1ee",
        Role.RUNNING: "#5cc79a",
        Role.SHORT: "#cdb675",
        Role.STOPPED: "#f0967c",
        Role.OTHER: "#9aa3b0",
        Role.STUDY: "#86bcc9",
        Role.INJECTION: "#cf94e6",
        Role.WINDOW: "#3d2947",
        Role.SURGERY: "#e690b1",
        Role.PAIN: "#f5a06b",
        Role.FUNCTION: "#62c9c5",
        Role.TODAY: "#c9ced5",
    },
}
