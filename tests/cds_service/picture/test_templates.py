"""The macros: what they put into a page is whole, escaped, and needs neither script nor style."""

from html.parser import HTMLParser

import pytest
from flask import Flask, render_template_string

from cds_service.picture.drawing import drawing_of
from cds_service.picture.states import state_map
from tests.cds_service.picture.making import ATTACKS, KNOWLEDGE, attacking, pictured, situation

PAGE = """{% from "picture.html" import picture %}{% from "state_map.html" import state_map %}
{{ picture(timeline, drawing) }}{{ state_map(map) }}"""
VOID = {"rect", "path", "line", "br"}


class Reader(HTMLParser):
    """The elements of a page, and whether they close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(app: Flask, text: str) -> Reader:
    known = attacking(text)
    timeline = pictured(known)
    with app.test_request_context():
        html = render_template_string(
            PAGE, timeline=timeline, drawing=drawing_of(timeline), map=state_map(KNOWLEDGE, situation(known))
        )
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_a_chart_never_becomes_markup(app: Flask, attack: str) -> None:
    calm, attacked = page(app, "Sciatica"), page(app, attack)

    # the drawn words may take another line, and nothing else differs
    assert [t for t, _ in calm.seen if t != "text"] == [t for t, _ in attacked.seen if t != "text"]
    for tag, attributes in attacked.seen:
        assert tag not in ("script", "style", "img", "b")
        assert not [name for name in attributes if name == "style" or name.startswith("on")]


def test_ids_are_unique_and_what_they_name_is_there(app: Flask) -> None:
    seen = page(app, "Sciatica").seen

    ids = [found for _, attributes in seen if (found := attributes.get("id"))]
    named = [a[key] for _, a in seen for key in ("aria-labelledby", "aria-describedby") if key in a]
    assert len(ids) == len(set(ids))
    assert set(named) <= set(ids)


def test_one_state_is_the_current_step(app: Flask) -> None:
    seen = page(app, "Sciatica").seen

    assert len([tag for tag, attributes in seen if attributes.get("aria-current") == "step"]) == 1
    assert len([tag for tag, a in seen if (a.get("class") or "").split()[:1] == ["state"]]) == 18
