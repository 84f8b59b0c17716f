"""The request collection of docs/requests, sent to a running service as an editor sends such files."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from tests.cds_service.processes import backpath

pytestmark = pytest.mark.integration

FOLDER = Path(__file__).parent.parent / "docs" / "requests"
HOOKS = ("patient-view", "order-select", "order-sign")


@dataclass(frozen=True, slots=True)
class Written:
    """One request of a file."""

    name: str
    method: str
    url: str
    headers: dict[str, str]
    body: str


def written(path: Path, base: str) -> list[Written]:
    """The requests of a file: `@name = value`, `### title`, request line, headers, a blank line, the body."""
    head, *parts = re.split(r"^### ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    values = dict(re.findall(r"^@(\w+) = (.+)$", head, re.MULTILINE)) | {"base": base}
    return [_one(part, values) for part in parts]


def _one(part: str, values: dict[str, str]) -> Written:
    for name, value in values.items():
        part = part.replace(f"{{{{{name}}}}}", value)
    part = part.replace("{{$guid}}", str(uuid4()))
    assert "{{" not in part, "a variable has no value"
    top, _, body = part.partition("\n\n")
    name, line, *headers = top.strip().splitlines()
    method, url = line.split(" ")
    return Written(name, method, url, dict(header.split(": ", 1) for header in headers), body.strip())


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with backpath("demo") as (_, base):
        yield base


def sent(path: Path, base: str) -> list[requests.Response]:
    return [
        requests.request(one.method, one.url, headers=one.headers, data=one.body.encode(), timeout=60)
        for one in written(path, base)
    ]


def test_there_is_a_file_for_each_thing_that_a_client_sends() -> None:
    assert {path.stem for path in FOLDER.glob("*.http")} == {"discovery", "feedback", *HOOKS}


def test_discovery_lists_the_services_of_the_other_files(base: str) -> None:
    (answer,) = sent(FOLDER / "discovery.http", base)

    urls = {f"{base}/cds-services/{service['id']}" for service in answer.json()["services"]}
    assert urls == {written(FOLDER / f"{hook}.http", base)[0].url for hook in HOOKS}


@pytest.mark.parametrize(
    ("hook", "recommendation"),
    [("patient-view", "esi-wait"), ("order-select", "esi-too-early"), ("order-sign", "esi-too-early")],
)
def test_each_hook_gets_the_cards_that_its_file_speaks_of(base: str, hook: str, recommendation: str) -> None:
    (answer,) = sent(FOLDER / f"{hook}.http", base)

    assert answer.status_code == 200, answer.text
    told = [card["extension"]["org.backpath"]["recommendations"] for card in answer.json()["cards"]]
    assert any(recommendation in ids for ids in told)


def test_feedback_is_taken(base: str) -> None:
    answers = sent(FOLDER / "feedback.http", base)

    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_feedback_is_for_the_card_of_a_call_when_its_uuid_is_put_in(base: str) -> None:
    (call,) = sent(FOLDER / "patient-view.http", base)
    card = call.json()["cards"][0]
    one = written(FOLDER / "feedback.http", base)[0]
    body = json.loads(one.body)
    body["feedback"][0] |= {
        "card": card["uuid"],
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
    }

    answer = requests.post(one.url, json=body, timeout=60)
    (again,) = sent(FOLDER / "patient-view.http", base)

    assert answer.status_code == 200
    held = again.json()["extension"]["org.backpath"]["heldBack"]
    assert card["suggestions"][0]["extension"]["org.backpath"]["recommendation"] in {
        one["recommendation"] for one in held
    }
