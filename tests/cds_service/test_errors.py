"""Every failure has a status and one kind of body."""

import re

import pytest
from flask import Flask

from cds_service.errors import (
    STATUS,
    STOPS_THE_START,
    InvalidRequestError,
    Problem,
    SettingsError,
    outcome_of,
    place_of,
)
from pathway.errors import PathwayError
from tests.cds_service.answer_schemas import check_outcome
from tests.cds_service.making import an_app


def test_the_table_of_statuses_is_total() -> None:
    assert set(PathwayError.__subclasses__()) - STOPS_THE_START == set(STATUS)


def test_an_outcome_names_every_element() -> None:
    error = InvalidRequestError(
        Problem(code="required", text="hook is required.", element="hook"),
        Problem(code="value", text="context.userId must be …", element="context.userId"),
    )

    outcome = outcome_of(error)

    assert [issue.expression for issue in outcome.issue] == [("hook",), ("context.userId",)]


def defective() -> None:
    raise ValueError("nothing")


def test_the_place_of_a_defect_is_a_file_and_a_line_of_ours() -> None:
    with pytest.raises(ValueError, match="nothing") as raised:
        defective()

    assert re.fullmatch(r"test_errors\.py:\d+", place_of(raised.value))
    assert place_of(ValueError()) == "unknown"


@pytest.fixture
def broken() -> Flask:
    app = an_app()

    @app.get("/broken")
    def broken() -> str:
        raise ZeroDivisionError("patient Ada Lovelace")

    @app.get("/misconfigured")
    def misconfigured() -> str:
        raise SettingsError("must not be told to a client")

    return app


@pytest.mark.parametrize("path", ["/broken", "/misconfigured"])
def test_a_defect_is_a_500_that_tells_nothing(broken: Flask, path: str) -> None:
    response = broken.test_client().get(path)

    assert response.status_code == 500
    check_outcome(response.json)
    assert b"Lovelace" not in response.data
    assert b"must not be told" not in response.data
