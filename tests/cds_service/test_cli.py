"""The `backpath` command: exit statuses, shapes of --json, one clear line for bad input."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cds_service.cli import main
from cds_service.decision import Decider
from cds_service.guard_view import print_guard
from cds_service.knowledge_view import print_rule
from pathway.guard_rules import Create
from tests.cds_service.answer_schemas import check_answer, check_outcome
from tests.cds_service.making import (
    a_condition,
    a_patient,
    a_prefetch,
    a_request,
    bundled,
    ids_of,
    state_of,
    without,
)
from tests.cds_service.tenants.making import SOUND, a_file

DAY = ["--as-of", "2026-11-22"]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BACKPATH_BIND", "BACKPATH_TENANTS", "BACKPATH_TIME_ZONE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return written(tmp_path / "record.json", bundled([a_patient(), a_condition()]))


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    file = tmp_path / "broken.json"
    file.write_text("{", encoding="utf-8")
    return file


def written(file: Path, document: Any) -> Path:
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_evaluate_prints_the_very_body_of_the_service_and_no_progress_where_there_is_no_terminal(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["evaluate", str(record), "--json", *DAY])

    told = capsys.readouterr()
    [answer] = lines(told.out)
    assert status == 0
    assert told.err == ""
    check_answer(answer, "p1")
    assert state_of(answer) == "initial-conservative"
    assert answer["extension"]["org.backpath"]["asOf"] == "2026-11-22"
    assert "dataGaps" not in answer["extension"]["org.backpath"]  # a Bundle is the whole record


def test_evaluate_says_state_cards_and_why(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["evaluate", str(record), *DAY])

    out = capsys.readouterr().out
    assert status == 0
    for words in ("initial-conservative", "INFO", "Why this state", "Candidates that are not shown"):
        assert words in out


def test_several_inputs_are_named_and_a_bad_one_does_not_stop_the_others(
    record: Path, broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["evaluate", str(broken), str(record), "--json", *DAY])

    told = capsys.readouterr()
    first, second = lines(told.out)
    assert status == 2
    assert first["input"] == str(broken)
    check_outcome(first["error"])
    assert second["input"] == str(record)
    check_answer(second["answer"], "p1")
    assert told.err.count("\n") == 1
    assert str(broken) in told.err


def test_one_bad_input_gives_the_body_that_the_service_would_answer(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["evaluate", str(broken), "--json"])

    told = capsys.readouterr()
    assert status == 2
    check_outcome(json.loads(told.out))
    assert told.err.startswith("backpath: ")


def test_a_request_without_indispensable_data_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "request.json", without(a_request(), "prefetch"))

    status = main(["evaluate", str(file)])

    assert status == 2
    assert "Patient" in capsys.readouterr().err


def test_another_hook_is_bad_input_for_now(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "request.json", a_request(hook="order-sign"))

    assert main(["evaluate", str(file)]) == 2
    assert "hook" in capsys.readouterr().err


def test_the_day_of_the_command_goes_before_the_request_s(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = a_request(extension={"org.backpath": {"asOf": "2026-11-20"}})
    file = written(tmp_path / "request.json", request)

    main(["evaluate", str(file), "--json"])
    main(["evaluate", str(file), "--json", *DAY])

    days = [answer["extension"]["org.backpath"]["asOf"] for answer in lines(capsys.readouterr().out)]
    assert days == ["2026-11-20", "2026-11-22"]


@pytest.mark.usefixtures("record", "broken")
def test_a_folder_ends_with_a_summary_by_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["evaluate", str(tmp_path), *DAY])

    out = capsys.readouterr().out
    assert status == 2
    assert "2 inputs" in out
    assert "not evaluated" in out


def test_control_characters_of_a_chart_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    condition = a_condition()
    condition["code"]["text"] = condition["code"]["coding"][0]["display"] = "\x1b[31mRED\x07"
    file = written(tmp_path / "request.json", bundled([a_patient(), condition]))

    main(["evaluate", str(file), *DAY])

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["evaluate"],
        ["evaluate", "x.json", "--as-of", "yesterday"],
        ["evaluate", "x.json", "--hook", "order-dispatch"],
        ["serve", "--port", "99999"],
        ["serve", "--workers", "0"],
        ["try", "--patient", "p1"],
        ["knowledge"],
    ],
)
def test_wrong_arguments_are_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["evaluate", "/nowhere/x.json"], "No such file"),
        (["serve", "--host", "0.0.0.0"], "BACKPATH_ALLOW_OPEN=1"),  # noqa: S104 - refused
        (["try", "--fhir-server", "file:///etc", "--patient", "p1"], "http or https URL"),
        (["try", "--fhir-server", "http://127.0.0.1:9/fhir", "--patient", "p 1"], "FHIR id"),
        (["knowledge", "show", "vibes"], "known: .*esi-repeat.*esi-too-early"),
        (["knowledge", "check", "--directory", "/nowhere"], "no such folder"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(arguments)

    err = capsys.readouterr().err
    assert status == 2
    assert re.search(told, err)
    assert err.startswith("backpath: ")
    assert err.count("\n") == 1


def test_an_unknown_setting_stops_every_command(
    record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BACKPATH_BNID", "x")

    assert main(["evaluate", str(record)]) == 2
    assert "unknown setting BACKPATH_BNID" in capsys.readouterr().err


def test_a_defect_is_status_1_and_tells_type_and_place_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("MARKED")

    monkeypatch.setattr("cds_service.evaluate.inputs_of", broken)

    status = main(["evaluate", "x.json"])

    err = capsys.readouterr().err
    assert status == 1
    assert "ZeroDivisionError" in err
    assert "MARKED" not in err


def test_the_request_s_own_prefetch_is_all_that_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = a_request(prefetch=without(a_prefetch(), "allergies"))
    file = written(tmp_path / "request.json", request)

    main(["evaluate", str(file), "--json", *DAY])

    [answer] = lines(capsys.readouterr().out)
    gaps = answer["extension"]["org.backpath"]["dataGaps"]
    assert [gap["resource"] for gap in gaps] == ["AllergyIntolerance"]
    assert ids_of(answer)


def test_knowledge_check_counts_what_it_validated(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["knowledge", "check"])

    told = capsys.readouterr()
    assert status == 0, told.err
    for what in ("recommendations", "guards", "states", "sources", "codes", "golden cases"):
        assert what in told.out


def test_knowledge_show_prints_every_recommendation_with_its_evidence(
    decider: Decider, capsys: pytest.CaptureFixture[str]
) -> None:
    for rule in decider.knowledge.rules.values():
        print_rule(rule, decider.knowledge)

        out = " ".join(capsys.readouterr().out.split())
        assert rule.title in out
        for line in (*rule.evidence.supports, *rule.evidence.against):
            assert " ".join(line.says.split())[:40] in out


def test_knowledge_show_prints_every_guard_with_levels_numbers_evidence_and_suggestions(
    decider: Decider, capsys: pytest.CaptureFixture[str]
) -> None:
    knowledge = decider.knowledge
    for guard in knowledge.guards.values():
        print_guard(guard, knowledge)

        out = " ".join(capsys.readouterr().out.split())
        said = [guard.title, *(f"urgency: {level.urgency.value}" for level in guard.levels.values())]
        said += [level.message for level in guard.levels.values()]
        said += [line.says for line in (*guard.evidence.supports, *guard.evidence.against)]
        said += [
            f"{value.value} {knowledge.thresholds[name].unit} from"
            for name in guard.thresholds
            for value in knowledge.thresholds[name].values.values()
        ]
        said += [
            knowledge.rules[offer.rule].title if isinstance(offer, Create) else offer.label
            for offer in guard.suggestions
        ]
        said += [knowledge.override_reasons[code].display for code in guard.override_reasons]
        assert [words for words in said if " ".join(words.split()) not in out] == [], guard.id


@pytest.mark.parametrize("name", ["esi-repeat", "esi-too-early"])
def test_knowledge_show_is_a_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["knowledge", "show", name]) == 0

    out = capsys.readouterr().out
    assert name in out
    assert "Sources" in out


def test_knowledge_show_tells_what_a_site_calls_the_proposed_orders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = (
        "[[tenants.st-vincent.order_codes]]\n"
        'proposal = "esi-first/esi-interlaminar"\nsystem = "urn:oid:1.2.3"\ncode = "4711"\n'
        "[[tenants.st-vincent.order_codes]]\n"
        'proposal = "exercise-pt/exercise-pt"\nsystem = "urn:oid:1.2.3"\ncode = "4712"\n'
    )
    monkeypatch.setenv("BACKPATH_PUBLIC_URL", "https://cds.example.org")
    monkeypatch.setenv("BACKPATH_TENANTS", str(a_file(tmp_path, SOUND + codes)))

    assert main(["knowledge", "show", "esi-first", "--tenant", "st-vincent"]) == 0

    said = " ".join(capsys.readouterr().out.split())
    assert "Ordered at this site as" in said
    assert "esi-first/esi-interlaminar: 4711 of urn:oid:1.2.3" in said
    assert "4712" not in said
