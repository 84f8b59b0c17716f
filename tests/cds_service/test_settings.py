"""Settings come from BACKPATH_* alone, typed, and an unknown or unsafe one stops the start."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cds_service.errors import SettingsError
from cds_service.serving import demo
from cds_service.settings import READERS, Address, Settings, checked, settings_from
from tests.cds_service.making import an_app

CONTRACT = (
    "BACKPATH_BIND",
    "BACKPATH_WORKERS",
    "BACKPATH_THREADS",
    "BACKPATH_TIME_ZONE",
    "BACKPATH_MAX_BODY_MB",
    "BACKPATH_BUDGET_MS",
    "BACKPATH_STORE",
    "BACKPATH_PUBLIC_URL",
    "BACKPATH_TENANTS",
    "BACKPATH_ALLOW_OPEN",
    "BACKPATH_FHIR_SERVERS",
    "BACKPATH_OPERATOR_TOKEN",
)
BEYOND_THE_CONTRACT = ("BACKPATH_RETENTION_DAYS",)


def test_every_name_of_the_contract_is_known() -> None:
    assert {*CONTRACT, *BEYOND_THE_CONTRACT} == set(READERS)


def test_no_setting_is_needed() -> None:
    settings = settings_from({})

    assert settings == Settings()
    assert (str(settings.bind), settings.workers, settings.threads) == ("127.0.0.1:5000", 2, 4)
    assert (settings.max_body_mb, settings.budget_ms) == (16, 400)


def test_values_are_typed() -> None:
    settings = settings_from(
        {
            "BACKPATH_BIND": "[::1]:8000",
            "BACKPATH_WORKERS": "3",
            "BACKPATH_TIME_ZONE": "Europe/Berlin",
            "BACKPATH_ALLOW_OPEN": "1",
            "BACKPATH_TENANTS": "tenants.toml",
            "BACKPATH_FHIR_SERVERS": "https://a.example/fhir/, http://b.example",
        }
    )

    assert settings.bind == Address("::1", 8000)
    assert settings.workers == 3
    assert settings.time_zone == ZoneInfo("Europe/Berlin")
    assert settings.allow_open is True
    assert settings.tenants == Path("tenants.toml")
    assert settings.fhir_servers == ("https://a.example/fhir", "http://b.example")


def test_an_unknown_name_stops_the_start_and_names_the_known_ones() -> None:
    with pytest.raises(
        SettingsError, match=r"unknown setting BACKPATH_BNID; known settings: .*BACKPATH_BIND"
    ):
        settings_from({"BACKPATH_BNID": "0.0.0.0:80"})


def test_names_that_kubernetes_makes_are_passed_over() -> None:
    environ = {
        "BACKPATH_SERVICE_HOST": "10.0.0.1",
        "BACKPATH_SERVICE_PORT_HTTP": "80",
        "BACKPATH_PORT": "tcp://10.0.0.1:80",
        "BACKPATH_PORT_80_TCP_ADDR": "10.0.0.1",
    }

    assert settings_from(environ) == Settings()


def test_names_of_others_are_not_ours() -> None:
    assert settings_from({"PATH": "/bin", "BACKPATHS": "x"}) == Settings()


def test_an_empty_value_is_not_set() -> None:
    assert settings_from({"BACKPATH_WORKERS": " "}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BACKPATH_BIND", "5000"),
        ("BACKPATH_BIND", "127.0.0.1:"),
        ("BACKPATH_BIND", "127.0.0.1:99999"),
        ("BACKPATH_BIND", "::1:5000"),
        ("BACKPATH_WORKERS", "0"),
        ("BACKPATH_WORKERS", "two"),
        ("BACKPATH_WORKERS", "²"),
        ("BACKPATH_TIME_ZONE", "Mars/Olympus"),
        ("BACKPATH_TIME_ZONE", "../etc/passwd"),
        ("BACKPATH_MAX_BODY_MB", "-1"),
        ("BACKPATH_ALLOW_OPEN", "true"),
        ("BACKPATH_PUBLIC_URL", "ftp://x"),
        ("BACKPATH_RETENTION_DAYS", "35"),
        ("BACKPATH_RETENTION_DAYS", "for ever"),
        ("BACKPATH_FHIR_SERVERS", "file:///etc"),
    ],
)
def test_a_bad_value_stops_the_start_without_being_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as refused:
        settings_from({name: value})

    assert value not in str(refused.value).replace("127.0.0.1:5000", "").replace("[::1]:5000", "")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_needs_no_permission(host: str) -> None:
    assert checked(Settings(bind=Address(host, 5000)))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "backpath.example"])  # noqa: S104 - refused
def test_an_open_service_beyond_loopback_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="BACKPATH_ALLOW_OPEN=1"):
        checked(Settings(bind=Address(host, 5000)))


def test_an_open_service_beyond_loopback_may_be_allowed() -> None:
    assert checked(Settings(bind=Address("0.0.0.0", 5000), allow_open=True))  # noqa: S104 - allowed on purpose


def test_a_service_with_tenants_may_listen_anywhere() -> None:
    settings = Settings(bind=Address("0.0.0.0", 80), tenants=Path("tenants.toml"))  # noqa: S104

    assert checked(settings).mode == "tenants"


@pytest.mark.parametrize(
    "settings",
    [
        Settings(public_url="https://"),
        Settings(public_url="https://u:p@cds.example.org"),
        Settings(public_url="https://cds.example.org?x=1"),
        Settings(fhir_servers=("http://",)),
        Settings(fhir_servers=("https://fhir.example.org/r4#x",)),
    ],
)
def test_an_address_that_could_never_be_called_stops_the_start(settings: Settings) -> None:
    with pytest.raises(SettingsError, match=r"BACKPATH_(PUBLIC_URL|FHIR_SERVERS)") as refused:
        an_app(settings=settings)

    assert "u:p" not in str(refused.value)


def test_a_retention_that_forgets_answers_while_they_are_quiet_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r"up to 365 days .* more than 400 days; .* is 400"):
        an_app(settings=Settings(retention_days=400))


def test_a_retention_just_long_enough_for_every_answer_is_taken() -> None:
    assert an_app(settings=Settings(retention_days=401))


def test_the_demo_has_no_tenants() -> None:
    with pytest.raises(SettingsError, match="unset BACKPATH_TENANTS"):
        demo(Settings(tenants=Path("tenants.toml")))
