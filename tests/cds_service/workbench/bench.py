"""The workbench as a browser without script uses it: a page, its forms, the next page."""

import html
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient

from cds_service.workbench.page_state import PageState, unpacked

LIMIT = 16 * 1024 * 1024


@dataclass
class Bench:
    """One window; it shows a page as far as it comes before the picture, or all of it."""

    client: FlaskClient
    whole: bool = False
    text: str = ""
    status: int = 0

    def open(self, sample: str, **query: str) -> "Bench":
        """Choose a sample patient."""
        return self.took(self.client.get("/", query_string={"sample": sample} | query))

    def post(self, path: str, **fields: str) -> "Bench":
        """Send a form of the page."""
        return self.took(self.client.post(f"/workbench/{path}", data={"state": self.packed} | fields))

    def took(self, response: Any) -> "Bench":
        """Show the page of a response, or the page that it leads to."""
        if response.status_code == 303:
            return self.took(self.client.get(response.headers["Location"]))
        self.status = response.status_code
        if self.whole:
            self.text = response.text
        else:
            self.text = next(iter(response.response), b"").decode()
            response.close()
        return self

    @property
    def packed(self) -> str:
        """The hidden field of its forms."""
        found = re.search(r'name="state" value="([^"]+)"', self.text)
        return html.unescape(found[1]) if found else ""

    @property
    def state(self) -> PageState:
        """What the hidden field says."""
        return unpacked(self.packed, LIMIT)

    @property
    def pathway_state(self) -> str:
        """Id of the state that is shown."""
        return self._first(r'<strong id="state">[^<]*</strong> <code>([^<]*)</code>')

    @property
    def recommendations(self) -> list[str]:
        """Ids on the cards that are shown."""
        told = re.findall(r'<p class="ids soft">([^<·]*)', self.text)
        return [name.strip() for ids in told for name in ids.split(",")]

    @property
    def done(self) -> str:
        """What it says was just done."""
        return html.unescape(re.sub(r"<[^>]+>", "", self._first(r'id="done"[^>]*>(.*?)</section>')))

    @property
    def held(self) -> str:
        """What is held back."""
        return html.unescape(self._first(r'<ul class="held">(.*?)</ul>'))

    @property
    def steps(self) -> list[str]:
        """What was changed."""
        return [
            html.unescape(s)
            for s in re.findall(r"<li>([^<]*)</li>", self._first(r'<ol class="steps">(.*?)</ol>'))
        ]

    def choice(self, select: str, words: str) -> str:
        """The value of the first option of a list that holds these words."""
        options = self._first(rf'<select id="{select}".*?</select>', group=0)
        return next(
            value
            for value, told in re.findall(r'<option value="([^"]*)">([^<]*)</option>', options)
            if words in html.unescape(told)
        )

    def suggestion(self, words: str) -> str:
        """The value of the button of a suggestion."""
        return next(
            value
            for value, told in re.findall(r'name="suggestion" value="([^"]+)">([^<]*)<', self.text)
            if words in html.unescape(told)
        )

    @property
    def card(self) -> str:
        """Uuid of the first card."""
        return self._first(r'name="card" value="([^"]+)"')

    def _first(self, pattern: str, group: int = 1) -> str:
        found = re.search(pattern, self.text, re.DOTALL)
        return found[group] if found else ""


class Markup(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
