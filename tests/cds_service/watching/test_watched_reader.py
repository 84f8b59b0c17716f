"""Each request to a FHIR server is counted with its outcome."""

from collections.abc import Mapping

import pytest

from cds_service.fetching.reach import Reach
from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.watching.watched_reader import WatchedReader

BASE = "https://fhir.example.org/r4"


class Server:
    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer

    def get(
        self, url: str, *, headers: Mapping[str, str], reach: Reach, deadline: float, limit_bytes: int
    ) -> bytes:
        assert (url, dict(headers), reach.bases, deadline, limit_bytes) == (BASE, {"A": "b"}, (BASE,), 5.0, 7)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def read(server: Server, told: list[str]) -> bytes:
    reader = WatchedReader(server, lambda outcome, seconds: told.append(outcome) if seconds >= 0 else None)
    return reader.get(BASE, headers={"A": "b"}, reach=Reach((BASE,)), deadline=5.0, limit_bytes=7)


def test_an_answer_is_handed_on_and_counted() -> None:
    told: list[str] = []

    assert read(Server(b"{}"), told) == b"{}"
    assert told == ["ok"]


def test_a_failure_is_handed_on_and_counted() -> None:
    told: list[str] = []

    with pytest.raises(NotFetchedError):
        read(Server(NotFetchedError(Why.TIMEOUT)), told)
    assert told == ["timeout"]


def test_a_defect_is_not_taken_for_an_outcome() -> None:
    told: list[str] = []

    with pytest.raises(ZeroDivisionError):
        read(Server(ZeroDivisionError()), told)
    assert told == []
