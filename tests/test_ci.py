"""What CI judges besides the tests: which were skipped, and what is known of the packages."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
CI = ROOT / ".ci"


def loaded(name: str) -> ModuleType:
    """A script of .ci, which is no package."""
    spec = importlib.util.spec_from_file_location(f"ci_{name}", CI / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


audit, skipped = loaded("audit"), loaded("skipped")


# --- skips


def junit(path: Path, *cases: str) -> str:
    suite = f'<testsuite name="pytest" tests="{len(cases)}">{"".join(cases)}</testsuite>'
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?><testsuites>{suite}</testsuites>')
    return str(path)


def case(name: str, inner: str = "") -> str:
    return f'<testcase classname="tests.test_x" name="{name}" time="0.01">{inner}</testcase>'


def skip(reason: str, kind: str = "pytest.skip") -> str:
    return f'<skipped type="{kind}" message="{reason}">tests/test_x.py:1: {reason}</skipped>'


NO_DATA = skip("../shared/data is absent: 83 requests and 50 patients not tested")
NO_NGINX = skip("nginx is not installed (apt-get install nginx-light)")


def test_without_skips_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = junit(tmp_path / "unit.xml", case("a"), case("b"))

    assert skipped.main([report], tmp_path) == 0
    assert capsys.readouterr().out == "No test was skipped.\n"


def test_a_skip_fails_the_run_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unit = junit(tmp_path / "unit.xml", case("a"))
    integration = junit(tmp_path / "integration.xml", case("b", NO_NGINX))

    assert skipped.main([unit, integration], tmp_path / "absent") == 1
    assert "1 SKIPPED, which CI does not allow" in (said := capsys.readouterr().out)
    assert "tests.test_x::b: nginx is not installed" in said


def test_skips_for_absent_data_are_counted_and_excused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = junit(tmp_path / "unit.xml", case("a", NO_DATA), case("b", NO_DATA), case("c"))

    assert skipped.main([report], tmp_path / "absent") == 0
    assert "2 SKIPPED for want of ../shared/data" in (said := capsys.readouterr().out)
    assert said.count("tests.test_x::") == 2


def test_with_the_data_there_nothing_excuses_a_skip(tmp_path: Path) -> None:
    report = junit(tmp_path / "unit.xml", case("a", NO_DATA))

    assert skipped.main([report], tmp_path) == 1


def test_one_skip_for_another_reason_is_not_hidden_by_those_for_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = junit(tmp_path / "unit.xml", case("a", NO_DATA), case("b", NO_NGINX))

    assert skipped.main([report], tmp_path / "absent") == 1
    assert "1 SKIPPED, which" in capsys.readouterr().out


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    report = junit(tmp_path / "unit.xml", case("a", skip("known", kind="pytest.xfail")))

    assert skipped.main([report], tmp_path) == 0


@pytest.mark.parametrize("text", [None, "", "<testsuites>", "<testsuites></testsuites>"])
def test_a_report_that_is_missing_broken_or_empty_fails_the_run(tmp_path: Path, text: str | None) -> None:
    report = tmp_path / "unit.xml"
    if text is not None:
        report.write_text(text)

    assert skipped.main([str(report)], tmp_path) == 2


def test_every_skip_for_absent_data_says_so() -> None:
    places = [*ROOT.glob("tests/**/*.py")]
    reasons = [
        reason
        for path in places
        if path != Path(__file__)
        for reason in re.findall(r'"([^"]*(?:not there|is absent)[^"]*)"', path.read_text(encoding="utf-8"))
        if "data" in reason
    ]

    assert len(reasons) >= 5
    assert [reason for reason in reasons if "shared/data" not in reason] == []


# --- advisories

FLASK = {"name": "flask", "version": "3.1.3", "vulns": []}
UNKNOWN = {
    "name": "msgspec",
    "skip_reason": "Dependency not found on PyPI and could not be audited: msgspec (0.20.0)",
}
BAD = {
    "name": "requests",
    "version": "2.32.0",
    "vulns": [
        {
            "id": "PYSEC-2099-1",
            "fix_versions": ["2.32.4"],
            "aliases": ["CVE-2099-1"],
            "description": "Sends what it should keep.",
        },
        {"id": "PYSEC-2099-2", "fix_versions": [], "aliases": [], "description": "Not yet fixed."},
    ],
}


def answering(status: int, output: str, complaint: str = "", *, tried: int = 0) -> Callable[[Any], Any]:
    """A pip-audit that ends so."""

    def run(command: Sequence[str]) -> Any:
        if "--dry-run" in command:
            return audit.Ran(status=tried, output="", complaint=complaint)
        return audit.Ran(status=status, output=output, complaint=complaint)

    return run


def report(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_no_known_vulnerability_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(answering(0, report(FLASK))) == 0
    assert capsys.readouterr().out == "Audited: 1 packages, 0 of them with a known vulnerability.\n"


def test_a_known_vulnerability_fails_and_is_named_with_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(answering(1, report(FLASK, BAD, UNKNOWN))) == 1
    said = capsys.readouterr().out
    assert "VULNERABLE: requests 2.32.0: PYSEC-2099-1; fixed in 2.32.4" in said
    assert "VULNERABLE: requests 2.32.0: PYSEC-2099-2; fixed in no version yet" in said
    assert "Audited: 2 packages, 1 of them" in said


def test_packages_that_the_service_does_not_know_are_counted_loudly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert audit.main(answering(0, report(FLASK, UNKNOWN))) == 0
    assert "NOT AUDITED: 1 packages, unknown to the advisory service: msgspec" in (
        said := capsys.readouterr().out
    )
    assert "Audited: 1 packages" in said


def test_a_service_that_does_not_answer_is_told_with_the_number_of_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    count = len(re.findall("^[a-z].*==", text, re.MULTILINE))

    assert audit.main(answering(1, "", "Could not connect to PyPI's vulnerability feed")) == 0
    assert f"NOT AUDITED: all {count} packages" in (said := capsys.readouterr().out)
    assert "Could not connect" in said


def test_files_that_cannot_be_audited_are_no_outage(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(answering(1, "", "requirement flask==3.1.3 does not contain a hash", tried=1)) == 2
    assert "does not contain a hash" in capsys.readouterr().out


def test_pip_audit_reads_the_requirement_files() -> None:
    arguments = [argument for name in audit.FILES for argument in ("--requirement", str(ROOT / name))]

    tried = audit.ran([*audit.COMMAND, *arguments, "--dry-run"])

    assert tried.status == 0, tried.complaint


@pytest.mark.integration
def test_pip_audit_without_a_network_is_an_outage(tmp_path: Path) -> None:
    nobody = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    environment = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}

    done = subprocess.run(
        [sys.executable, CI / "audit.py"],
        env=environment | nobody | {"PIP_CACHE_DIR": str(tmp_path)},  # else answers of yesterday
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "NOT AUDITED: all" in done.stdout


def test_the_run_of_ci_tests_judges_skips_and_audits() -> None:
    lines = (CI / "run").read_text(encoding="utf-8").splitlines()

    assert lines[-3:] == [
        "make test",
        ".venv/bin/python .ci/skipped.py build/unit.xml build/integration.xml",
        "make audit",
    ]
    assert os.access(CI / "run", os.X_OK)
