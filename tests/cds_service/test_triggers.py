"""Epic's trigger actions: which calls on patient-view a site wants answered."""

import pytest
from msgspec import Raw

from cds_service.triggers import TRIGGER_ACTION, triggered

CHART_OR_DIAGNOSIS = ("60", "7")


def named(value: str) -> dict[str, Raw]:
    return {"com.epic.cdshooks.request.fhir-version": Raw(b'"R4"'), TRIGGER_ACTION: Raw(value.encode())}


@pytest.mark.parametrize("value", ['"60"', '"7"', "60", '" 7 "'])
def test_a_trigger_that_the_site_names_is_answered(value: str) -> None:
    assert triggered(named(value), CHART_OR_DIAGNOSIS)


@pytest.mark.parametrize("value", ['"18"', '"6"', "600", '"607"'])
def test_another_trigger_is_not(value: str) -> None:
    assert not triggered(named(value), CHART_OR_DIAGNOSIS)


@pytest.mark.parametrize("extension", [None, {}, {"org.example": Raw(b"{}")}])
def test_a_call_that_names_no_trigger_is_answered(extension: dict[str, Raw] | None) -> None:
    assert triggered(extension, CHART_OR_DIAGNOSIS)


@pytest.mark.parametrize("value", ["null", '""', "{}", "[60]", "6.5", "true", '"\\ud800"', "\x00"])
def test_a_trigger_that_cannot_be_read_is_answered(value: str) -> None:
    assert triggered(named(value), CHART_OR_DIAGNOSIS)


def test_a_site_that_names_none_wants_all_answered() -> None:
    assert triggered(named('"18"'), ())
