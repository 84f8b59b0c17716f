"""The table of the pathway page's launch: what it may say, and what is refused."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from cds_service.settings import Address, Settings
from cds_service.tenants.loading import TenantsError, load_tenants
from cds_service.tenants.model import STANDARD_SCOPES, Smart, Tenant
from cds_service.tenants.smart import smart_servers
from tests.cds_service.tenants.making import SETTINGS, SOUND, a_file

FHIR = "https://fhir.st-vincent.example/r4"
SERVERS = f'fhir_servers = ["{FHIR}/", "https://other.example/r4"]\n'


def loaded(folder: Path, *lines: str, settings: Settings = SETTINGS, servers: str = SERVERS) -> Tenant:
    table = "\n".join(["[tenants.st-vincent.smart]", 'client_id = "backpath"', *lines, ""])
    (tenant,) = load_tenants(a_file(folder, f"{SOUND}{servers}{table}"), settings)
    return tenant


def test_without_the_table_no_server_is_smart_enabled(tmp_path: Path) -> None:
    (tenant,) = load_tenants(a_file(tmp_path, f"{SOUND}{SERVERS}"), SETTINGS)

    assert tenant.smart is None
    assert smart_servers(tenant) == ()


def test_with_a_client_id_alone_every_server_is(tmp_path: Path) -> None:
    tenant = loaded(tmp_path)

    assert tenant.smart == Smart(client_id="backpath", scopes=STANDARD_SCOPES)
    assert smart_servers(tenant) == (FHIR, "https://other.example/r4")


def test_servers_can_be_named(tmp_path: Path) -> None:
    assert smart_servers(loaded(tmp_path, f'fhir_servers = ["{FHIR}"]')) == (FHIR,)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('fhir_servers = ["https://elsewhere.example"]', "smart.fhir_servers[0]: must be one of"),
        ('scopes = "openid patient/*.rs"', "smart.scopes: must hold launch"),
        ('client_secret_file = "/nowhere/secret"', "smart.client_secret_file: cannot be read"),
        ('authorization_servers = ["http://login.example"]', "smart.authorization_servers[0]: must be https"),
        ('authorization_servers = ["login.example"]', "smart.authorization_servers[0]: must be an absolute"),
        ('authorisation_servers = ["https://login.example"]', "is 'authorization_servers' meant?"),
        ("client_secret_file = 1", "smart.client_secret_file: must be text"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(TenantsError) as refused:
        loaded(tmp_path, line)

    assert told in str(refused.value)
    assert "nowhere" not in str(refused.value)


def test_a_client_id_is_needed(tmp_path: Path) -> None:
    with pytest.raises(TenantsError, match=r"smart.client_id: is missing"):
        load_tenants(a_file(tmp_path, f"{SOUND}{SERVERS}[tenants.st-vincent.smart]\n"), SETTINGS)


def test_a_site_without_fhir_servers_launches_nothing(tmp_path: Path) -> None:
    with pytest.raises(TenantsError, match=r"smart: needs fhir_servers"):
        loaded(tmp_path, servers="")


def test_beyond_loopback_the_public_url_is_needed(tmp_path: Path) -> None:
    settings = replace(SETTINGS, public_url=None, bind=Address("0.0.0.0", 80))  # noqa: S104 - only named
    audiences = 'audiences = ["x"]\n'

    with pytest.raises(TenantsError, match=r"smart: needs BACKPATH_PUBLIC_URL"):
        loaded(tmp_path, settings=settings, servers=f"{audiences}{SERVERS}")


def test_two_tenants_do_not_share_a_server(tmp_path: Path) -> None:
    smart = 'client_id = "x"\n'
    other = SOUND.replace("st-vincent", "north").replace("St. Vincent", "North")
    text = (
        f"{SOUND}{SERVERS}[tenants.st-vincent.smart]\n{smart}{other}{SERVERS}[tenants.north.smart]\n{smart}"
    )

    with pytest.raises(TenantsError, match=r"tenants.north.smart.fhir_servers: has a FHIR server of"):
        load_tenants(a_file(tmp_path, text), SETTINGS)
