"""A walk over pages by their links, as a reader or a crawler takes it."""

from collections import Counter, deque
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient


@dataclass
class Seen(HTMLParser):
    """What matters of a page: its links and the ids of its elements."""

    links: list[str] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids[found["id"] or ""] += 1
        if tag == "a":
            self.links.append(found.get("href") or "")


@dataclass
class Walk:
    """Every page under a path that links lead to."""

    pages: dict[str, Seen] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)


def walk(client: FlaskClient, start: str, under: str) -> Walk:
    done, found = set[str](), Walk()
    todo = deque([start])
    while todo:
        path = todo.popleft()
        if path in done:
            continue
        done.add(path)
        response = client.get(path)
        if response.status_code != 200:
            found.broken[path] = response.status_code
        elif response.mimetype == "text/html":
            seen = Seen()
            seen.feed(response.get_data(as_text=True))
            found.pages[path] = seen
            todo += [href.partition("#")[0] for href in seen.links if href.startswith(under)]
    return found
