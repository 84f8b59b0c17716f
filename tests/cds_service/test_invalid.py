"""Broken input has its folder: each file gets a clear 4xx that names the element."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.cds_service.answer_schemas import check_outcome
from tests.cds_service.invalid_expected import EXPECTED
from tests.cds_service.making import post

FOLDER = Path(__file__).parent / "invalid"


def test_every_file_has_an_expectation() -> None:
    assert set(EXPECTED) == {path.name for path in FOLDER.iterdir()}


@pytest.mark.parametrize("name", EXPECTED)
def test_broken_input_is_refused_with_its_element(client: FlaskClient, name: str) -> None:
    status, element = EXPECTED[name]

    response = post(client, (FOLDER / name).read_bytes())

    assert response.status_code == status
    check_outcome(response.json)
    assert response.json["issue"][0].get("expression", [None])[0] == element
