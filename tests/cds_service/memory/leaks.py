"""Looks for what came in, in what was written down."""

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# What is shorter, and made of letters that random ids and hashes are written with, is in any file by chance:
# it is looked for as a whole word of the texts. Anything else is looked for in every byte.
SHORTEST, SHORTEST_ODD, SHORTEST_WORD = 10, 6, 3
WORD = re.compile(r"[\w-]+")
RANDOM = re.compile(rb"[A-Za-z0-9+/=_-]*")
DIGESTS = ("md5", "sha1", "sha256", "sha512")


@dataclass(slots=True)
class Needles:
    """What must not be found."""

    texts: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    hashed: dict[bytes, str] = field(default_factory=dict)  # what anyone could compute of an id

    def take(self, request: Any, *, ids: Iterable[str] = ()) -> None:
        """Every text of a request; the ids also as hashes without a key."""
        for text in strings_of(request):
            self._add(text.strip())
        for identifier in ids:
            for name in DIGESTS:
                digest = hashlib.new(name, identifier.encode(), usedforsecurity=False)
                self.hashed[digest.digest()] = self.hashed[digest.hexdigest().encode()] = identifier

    def found_in(self, written: bytes, texts: Iterable[str]) -> set[str]:
        """What of it is there, in any case of letters, plain or as JSON writes it."""
        words = words_of(*texts)
        found = {text for text in self.words if text.lower() in words}
        known = self._by_beginning()
        lowered = written.lower()
        for place in range(len(lowered)):
            for coded, text in known.get(lowered[place : place + SHORTEST_ODD], ()):
                if lowered.startswith(coded, place):
                    found.add(text)
        return found

    def _by_beginning(self) -> dict[bytes, list[tuple[bytes, str]]]:
        known: dict[bytes, list[tuple[bytes, str]]] = {}
        for text in self.texts:
            for coded in {text.lower().encode("utf-8", "replace"), json.dumps(text.lower())[1:-1].encode()}:
                known.setdefault(coded[:SHORTEST_ODD], []).append((coded, text))
        for digest, identifier in self.hashed.items():
            coded = digest.lower()
            known.setdefault(coded[:SHORTEST_ODD], []).append((coded, f"a hash of {identifier}"))
        return known

    def _add(self, text: str) -> None:
        coded = text.encode("utf-8", "replace")
        if len(coded) >= (SHORTEST if RANDOM.fullmatch(coded) else SHORTEST_ODD):
            self.texts.add(text)
        elif len(text) >= SHORTEST_WORD and WORD.fullmatch(text):
            self.words.add(text)


def strings_of(value: Any) -> Iterator[str]:
    """Every text below a value; not the names of members."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for below in value.values():
            yield from strings_of(below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from strings_of(below)


def bytes_of(folder: Path) -> bytes:
    """All files below a folder, SQLite's logs too."""
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def texts_of(folder: Path) -> Iterator[str]:
    """Every text in the databases of a folder, also in JSON that a column holds."""
    for path in folder.rglob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
            for (table,) in tables:
                for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - a name of ours
                    yield from strings_of([_parsed(value) for value in row])


def words_of(*texts: str) -> set[str]:
    """The words of texts, in lower case."""
    return {word.lower() for text in texts for word in WORD.findall(text)}


def _parsed(value: object) -> object:
    """The JSON of a parcel of the outbox, else the value itself."""
    if isinstance(value, bytes) and (start := value.find(b"{")) >= 0:
        with suppress(ValueError):
            return json.loads(value[start:])
    return value
