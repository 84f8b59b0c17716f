"""`backpath evaluate` with draft orders: a request of an order hook, and the drafts of a Bundle."""

import json
from pathlib import Path

import pytest

from cds_service.cli import main
from tests.cds_service.making import a_bundle, a_condition, a_patient
from tests.cds_service.order_making import an_order_request, fired
from tests.cds_service.test_order_requests import an_injection


def evaluated(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    status = main(["evaluate", str(path), "--as-of", "2026-11-22", *options])
    return status, capsys.readouterr().out


@pytest.mark.parametrize("hook", ["order-sign", "order-select"])
def test_a_request_is_evaluated_by_its_own_hook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hook: str
) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(an_order_request(an_injection(), hook=hook)))

    status, out = evaluated(path, capsys, "--json")

    assert status == 0
    assert [guard for guard, *_ in fired(json.loads(out))] == ["esi-no-radicular", "esi-no-imaging"]


def test_the_drafts_of_a_bundle_are_judged_when_an_order_hook_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(a_bundle(a_patient(), a_condition(), an_injection())))

    status, out = evaluated(path, capsys, "--json", "--hook", "order-sign")

    assert status == 0
    assert [guard for guard, *_ in fired(json.loads(out))] == ["esi-no-radicular", "esi-no-imaging"]


def test_a_bundle_is_chart_open_unless_asked_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(a_bundle(a_patient(), a_condition(), an_injection())))

    status, out = evaluated(path, capsys)

    assert status == 0
    assert "State: initial-conservative" in out


def test_an_order_hook_without_drafts_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(a_bundle(a_patient(), a_condition())))

    status = main(["evaluate", str(path), "--hook", "order-sign"])

    assert status == 2
    assert "There are no draft orders." in capsys.readouterr().err


def test_guards_are_printed_for_a_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(an_order_request(an_injection())))

    status, out = evaluated(path, capsys)

    assert status == 0
    assert "WARNING" in out
    assert "Why this state" in out
