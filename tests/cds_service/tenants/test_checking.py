"""`backpath tenants check`: what is in force, and what an operator should know."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from cds_service.errors import SettingsError
from cds_service.settings import Settings
from cds_service.sites import made_ready
from cds_service.tenants.checking import check
from cds_service.tenants.loading import TenantsError
from tests.cds_service.tenants.making import SETTINGS, SOUND, a_file, with_lines

PLACE = "backpath: warning: tenants.st-vincent"


def warnings(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert check(str(a_file(folder, text)), SETTINGS, prove=made_ready) == 0
    return capsys.readouterr().err.splitlines()


def test_what_a_tenant_is_allowed_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = with_lines(
        'subject = "client-1"',
        'fhir_servers = ["https://fhir.example/r4"]',
        "requests_per_minute = 60",
        'dialect = "epic"',
        "trigger_actions = [23]",
        'memory = {comments = "encrypted", quiet = {other = 7}}',
        'overrides = [{off = "massage", by = "Dr. A", on = 2026-11-02, why = "local"}]',
    )

    status = check(str(a_file(tmp_path, text)), SETTINGS, prove=made_ready)

    printed = capsys.readouterr().out
    rows = dict(line.strip().split("  ", 1) for line in printed.splitlines() if line.startswith("  "))
    shown = {name: said.strip() for name, said in rows.items()}
    assert status == 0
    assert printed.startswith("st-vincent: St. Vincent\n")
    assert printed.endswith("tenants.toml is sound: 1 tenant.\n")
    assert shown == {
        "issuer": "https://ehr.st-vincent.example",
        "keys": "https://ehr.st-vincent.example/jwks.json",
        "audience": "https://cds.example.org/… as called",
        "subject": "client-1",
        "claim tenant": "none",
        "FHIR servers": "https://fhir.example/r4 (with a token only)",
        "networks": "public ones",
        "services": "low-back-pain-patient-view, low-back-pain-order-select, low-back-pain-order-sign",
        "limit": "60 requests a minute",
        "time zone": "UTC",
        "dialect": "epic, CDS Hooks 2.0",
        "triggers": "23",
        "memory": "comments: encrypted",
        "override": "massage is off (Dr. A, 2026-11-02: local)",
    }


def test_the_file_of_the_settings_is_checked_when_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = replace(SETTINGS, tenants=a_file(tmp_path))

    assert check(None, settings, prove=made_ready) == 0
    assert "St. Vincent" in capsys.readouterr().out


@pytest.mark.parametrize(("retention_days", "is_enough"), [(1035, False), (1036, True)])
def test_calls_must_be_kept_for_longer_than_any_answer_quiets(
    retention_days: int, is_enough: bool, tmp_path: Path
) -> None:
    file = a_file(tmp_path, f"{SOUND}memory.quiet_for.esi-repeat.patient-preference = 1000\n")
    settings = replace(SETTINGS, retention_days=retention_days)

    if is_enough:
        assert check(str(file), settings, prove=made_ready) == 0
        return
    with pytest.raises(
        SettingsError, match=r"^tenants\.st-vincent\.memory: .* 1000 days .* 1035 days;.* 1035$"
    ):
        check(str(file), settings, prove=made_ready)


def test_no_file_is_told() -> None:
    with pytest.raises(TenantsError, match="name one, or set BACKPATH_TENANTS"):
        check(None, Settings(), prove=made_ready)


def test_a_faulty_file_is_refused_and_nothing_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TenantsError, match="unknown key"):
        check(str(a_file(tmp_path, with_lines("x = 1"))), SETTINGS, prove=made_ready)

    assert capsys.readouterr().out == ""


def test_a_tenant_with_a_limit_and_a_jku_is_not_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert warnings(tmp_path, with_lines("requests_per_minute = 60"), capsys) == []


WEAK = {
    "no limit": ("subject = 's'", ".requests_per_minute: there is no limit"),
    "audiences": ("audiences = ['a']", ".audiences: accepted whatever URL is called"),
    "no token": ("fhir_without_token = true", ".fhir_without_token: whoever can call the service"),
    "http": (
        "fhir_servers = ['http://fhir.example/r4']",
        ".fhir_servers[0]: http: records and the token pass",
    ),
    "http, public": ("fhir_servers = ['http://8.8.8.8/r4']", ".fhir_servers[0]: http: records"),
    "private": ("fhir_servers = ['https://10.1.2.3/r4']", ".fhir_servers[0]: stands in a private network"),
    "loopback": ("fhir_servers = ['http://localhost/r4']", ".fhir_servers[0]: stands in a private network"),
    "http keys": ("jku = 'http://127.0.0.1/jwks'", ".jku: http: for tests only"),
    "private keys": ("jku = 'https://10.1.2.3/jwks'", ".jku: stands in a private network"),
    "wide": ("fhir_networks = ['0.0.0.0/0']", ".fhir_networks[0]: very wide"),
    "wide, IPv6": ("fhir_networks = ['::/0']", ".fhir_networks[0]: very wide"),
    "link-local": ("fhir_networks = ['169.254.0.0/16']", ".fhir_networks[0]: link-local"),
    "shadow": ("memory = {shadow = true}", ".memory.shadow: no card is shown to anyone"),
    "shadow of one": (
        "memory = {shadow = ['nsaid']}",
        ".memory.shadow: never shown, not even where it is critical: nsaid",
    ),
    "roll-out": ("memory = {rollout_percent = 10}", ".memory.rollout_percent: of 90 % of the patients"),
    "roll-out of one": ("memory = {rollout = {nsaid = 40}}", ".memory.rollout.nsaid: not shown of 60 %"),
    "public network": ("fhir_networks = ['8.8.8.0/24']", ".fhir_networks[0]: public"),
}


@pytest.mark.parametrize(("line", "expected"), WEAK.values(), ids=WEAK.keys())
def test_a_weak_choice_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, expected: str
) -> None:
    told = warnings(tmp_path, with_lines(line), capsys)

    assert [warning for warning in told if warning.startswith(f"{PLACE}{expected}")]


def test_a_private_server_in_a_listed_network_is_not_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = with_lines(
        "requests_per_minute = 60",
        "fhir_servers = ['http://10.1.2.3/r4', 'http://localhost:8080/r4']",
        "fhir_networks = ['10.1.0.0/16', '127.0.0.0/8']",
    )

    assert warnings(tmp_path, text, capsys) == []


def test_tenants_that_some_token_fits_both_are_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = with_lines("requests_per_minute = 60", "audiences = ['b']").replace("st-vincent]", "other]")
    text = SOUND + "requests_per_minute = 60\naudiences = ['a']\n" + other

    told = warnings(tmp_path, text, capsys)

    assert any(
        "tenants.other: some tokens fit tenants.st-vincent too, and these are refused" in w for w in told
    )
