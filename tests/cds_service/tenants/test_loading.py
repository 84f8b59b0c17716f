"""What stands in a tenants file is read as it is meant; any fault refuses the file and names its place."""

from datetime import date
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from cds_service.errors import SettingsError
from cds_service.hooks import ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW
from cds_service.settings import Settings
from cds_service.tenants.loading import TenantsError, load_tenants
from cds_service.tenants.model import DialectName, OrderCode, Override, SpecVersion, Tenant
from tests.cds_service.tenants.making import SETTINGS, SOUND, a_file, with_lines

NO_URL = Settings()
PLACE = "tenants.toml: tenants.st-vincent"
SERVICES = f"{PATIENT_VIEW}, {ORDER_SELECT}, {ORDER_SIGN}"
OTHER = """
[tenants.other]
title = "Other"
issuer = "https://ehr.st-vincent.example"
jku = "https://ehr.st-vincent.example/jwks.json"
"""


def loaded(folder: Path, text: str, settings: Settings = SETTINGS) -> tuple[Tenant, ...]:
    return load_tenants(a_file(folder, text), settings)


def problems(folder: Path, text: str | bytes, settings: Settings = SETTINGS) -> list[str]:
    path = folder / "tenants.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TenantsError) as refused:
        load_tenants(path, settings)
    return str(refused.value).splitlines()


def an_override(*lines: str) -> str:
    decided = ('by = "Dr. A"', "on = 2026-11-02", 'why = "local"')
    return "\n".join([SOUND, "[[tenants.st-vincent.overrides]]", *decided, *lines])


def an_order_code(proposal: str) -> str:
    return f'[[tenants.st-vincent.order_codes]]\nproposal = "{proposal}"\nsystem = "urn:x"\ncode = "1"\n'


def test_a_tenant_of_few_keys_gets_the_defaults(tmp_path: Path) -> None:
    tenants = loaded(tmp_path, SOUND, replace(SETTINGS, time_zone=ZoneInfo("Europe/Berlin")))

    assert tenants == (
        Tenant(
            id="st-vincent",
            title="St. Vincent",
            issuer="https://ehr.st-vincent.example",
            jku="https://ehr.st-vincent.example/jwks.json",
            zone=ZoneInfo("Europe/Berlin"),
        ),
    )


def test_every_key_is_read(tmp_path: Path) -> None:
    text = with_lines(
        'audiences = ["a", "b"]',
        'subject = "s"',
        'tenant = "t"',
        'fhir_servers = ["https://fhir.example/r4/", "http://127.0.0.1:8080"]',
        'fhir_networks = ["10.0.0.0/8", "fd00::/16"]',
        "fhir_without_token = true",
        f'services = ["{PATIENT_VIEW}", "{ORDER_SIGN}"]',
        "requests_per_minute = 60",
        'time_zone = "America/Chicago"',
        'dialect = "epic"',
        'cds_hooks = "3.0"',
        'trigger_actions = [23, "18"]',
        'order_codes = [{proposal = "esi-first/esi-interlaminar", system = "urn:x",'
        ' code = "7", display = "D"}]',
        'overrides = [{off = "massage", by = "Dr. A", on = 2026-11-02, why = "local"},'
        ' {threshold = "pain-relapse", value = 4.5, by = "Dr. A", on = 2026-11-02, why = "local"}]',
    )

    (tenant,) = loaded(tmp_path, text, NO_URL)

    decided = {"by": "Dr. A", "on": date(2026, 11, 2), "why": "local"}
    assert tenant == Tenant(
        id="st-vincent",
        title="St. Vincent",
        issuer="https://ehr.st-vincent.example",
        jku="https://ehr.st-vincent.example/jwks.json",
        audiences=("a", "b"),
        subject="s",
        claim="t",
        fhir_servers=("https://fhir.example/r4", "http://127.0.0.1:8080"),
        fhir_networks=(ip_network("10.0.0.0/8"), ip_network("fd00::/16")),
        fhir_without_token=True,
        services=(PATIENT_VIEW, ORDER_SIGN),
        requests_per_minute=60,
        zone=ZoneInfo("America/Chicago"),
        dialect=DialectName.EPIC,
        cds_hooks=SpecVersion.V3_0,
        trigger_actions=("23", "18"),
        order_codes=(
            OrderCode(proposal="esi-first/esi-interlaminar", system="urn:x", code="7", display="D"),
        ),
        overrides=(
            Override(off="massage", **decided),
            Override(threshold="pain-relapse", value=Decimal("4.5"), **decided),
        ),
    )


def test_tenants_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    tenants = loaded(tmp_path, SOUND + OTHER + 'tenant = "t"\n')

    assert [tenant.id for tenant in tenants] == ["st-vincent", "other"]


def test_oracle_health_is_offered_patient_view_alone(tmp_path: Path) -> None:
    (tenant,) = loaded(tmp_path, with_lines('dialect = "oracle"'))

    assert tenant.services == (PATIENT_VIEW,)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tenant,) = loaded(tmp_path, f"\N{ZERO WIDTH NO-BREAK SPACE}{SOUND}")

    assert tenant.id == "st-vincent"


def test_http_on_loopback_may_serve_keys_to_tests(tmp_path: Path) -> None:
    (tenant,) = loaded(tmp_path, with_lines('jku = "http://127.0.0.1:9000/jwks"'))

    assert tenant.jku == "http://127.0.0.1:9000/jwks"


def test_the_error_stops_the_start_as_any_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        load_tenants(tmp_path / "none.toml", SETTINGS)


FAULTS = {
    "a misspelt key": (
        with_lines('isuer = "x"'),
        f"{PLACE}: unknown key 'isuer' (is 'issuer' meant?); known keys: title, issuer, jku, jwks, ",
    ),
    "no title": (SOUND.replace("title =", "subject ="), f"{PLACE}.title: is missing: text is needed"),
    "an empty title": (with_lines('title = ""'), f"{PLACE}.title: must not be empty"),
    "a number as title": (with_lines("title = 3"), f"{PLACE}.title: must be text, not a whole number"),
    "white space": (with_lines('subject = " s"'), f"{PLACE}.subject: has white space before or after it"),
    "a control character": (
        with_lines(r'subject = "a\u0007b"'),
        f"{PLACE}.subject: holds a control character",
    ),
    "an issuer that is no URI": (with_lines('issuer = "epic"'), f"{PLACE}.issuer: must be a URI, spelled as"),
    "the sandbox": (
        with_lines('issuer = "https://sandbox.cds-hooks.org"'),
        f"{PLACE}.issuer: is the CDS Hooks Sandbox, whose private key is public: anyone could sign",
    ),
    "the sandbox in other letters": (
        with_lines('issuer = "HTTP://Sandbox.CDS-Hooks.org./"'),
        f"{PLACE}.issuer: is the CDS Hooks Sandbox",
    ),
    "the sandbox's keys": (
        with_lines('jku = "https://sandbox.cds-hooks.org/.well-known/jwks.json"'),
        f"{PLACE}.jku: is the CDS Hooks Sandbox",
    ),
    "keys over http": (with_lines('jku = "http://ehr.example/jwks"'), f"{PLACE}.jku: must be https: whoever"),
    "keys in a file": (with_lines('jku = "file:///etc/keys"'), f"{PLACE}.jku: must be an absolute http or"),
    "no keys": (
        "\n".join(SOUND.splitlines()[:-1]),
        f"{PLACE}.jku: is missing: give the URL of the client's JWK set, or its public keys as jwks, or both",
    ),
    "a key set as text": (
        with_lines("jwks = '{}'"),
        f"{PLACE}.jwks: must be a table, not text",
    ),
    "an empty key set": (with_lines("jwks = {keys = []}"), f"{PLACE}.jwks.keys: there is no key"),
    "an audience that is no list": (
        with_lines('audiences = "a"'),
        f"{PLACE}.audiences: must be a list of text, not text",
    ),
    "an audience twice": (with_lines('audiences = ["a", "a"]'), f"{PLACE}.audiences[1]: stands there twice"),
    "a relative FHIR server": (
        with_lines('fhir_servers = ["https://fhir.example/r4", "fhir.example/r4"]'),
        f"{PLACE}.fhir_servers[1]: must be an absolute http or https URL",
    ),
    "a FHIR server with a password": (
        with_lines('fhir_servers = ["https://user:SECRET@fhir.example/r4"]'),
        f"{PLACE}.fhir_servers[0]: must not hold a user name or password",
    ),
    "a FHIR server with a query": (
        with_lines('fhir_servers = ["https://fhir.example/r4?key=SECRET"]'),
        f"{PLACE}.fhir_servers[0]: is a base URL: it must not have a query",
    ),
    "a FHIR server with a fragment": (
        with_lines('fhir_servers = ["https://fhir.example/r4#a"]'),
        f"{PLACE}.fhir_servers[0]: must not have a fragment",
    ),
    "a FHIR server with a way up": (
        with_lines('fhir_servers = ["https://fhir.example/r4/../admin"]'),
        f"{PLACE}.fhir_servers[0]: is not a plainly spelled URL",
    ),
    "a FHIR server with an odd address": (
        with_lines('fhir_servers = ["http://0x7f.1/r4"]'),
        f"{PLACE}.fhir_servers[0]: is not a plainly spelled URL",
    ),
    "a network with host bits": (
        with_lines('fhir_networks = ["10.0.0.1/8"]'),
        f"{PLACE}.fhir_networks[0]: must be a network with no host bits set, e.g. 10.20.0.0/16",
    ),
    "a switch as text": (
        with_lines('fhir_without_token = "yes"'),
        f"{PLACE}.fhir_without_token: must be true or false, not text",
    ),
    "a service of a hook's name": (
        with_lines('services = ["patient-view"]'),
        f"{PLACE}.services[0]: must be one of: {SERVICES}",
    ),
    "no services": (
        with_lines("services = []"),
        f"{PLACE}.services: there is none; leave the key out for all, or name one of: {SERVICES}",
    ),
    "no requests": (
        with_lines("requests_per_minute = 0"),
        f"{PLACE}.requests_per_minute: must be a whole number from 1 to 1000000",
    ),
    "half a request": (
        with_lines("requests_per_minute = 0.5"),
        f"{PLACE}.requests_per_minute: must be a whole number from 1 to 1000000, not a decimal number",
    ),
    "a time zone of no place": (
        with_lines('time_zone = "Chicago"'),
        f"{PLACE}.time_zone: must be an IANA time zone, e.g. America/Chicago",
    ),
    "a time zone that is a path": (with_lines('time_zone = "../etc"'), f"{PLACE}.time_zone: must be an IANA"),
    "an unknown dialect": (
        with_lines('dialect = "cerner"'),
        f"{PLACE}.dialect: must be one of: standard, epic, oracle",
    ),
    "a version as a number": (
        with_lines("cds_hooks = 3.0"),
        f"{PLACE}.cds_hooks: must be one of: 2.0, 3.0, not a decimal number",
    ),
    "order hooks at Oracle Health": (
        with_lines('dialect = "oracle"', f'services = ["{PATIENT_VIEW}", "{ORDER_SIGN}"]'),
        f"{PLACE}.services: Oracle Health calls patient-view only: {PATIENT_VIEW} is all that can be offered",
    ),
    "triggers of another EHR": (
        with_lines("trigger_actions = [23]"),
        f"{PLACE}.trigger_actions: only Epic sends them: they need dialect = 'epic'",
    ),
    "triggers without patient-view": (
        with_lines("trigger_actions = [23]", 'dialect = "epic"', f'services = ["{ORDER_SIGN}"]'),
        f"{PLACE}.trigger_actions: Epic sends them with patient-view, but {PATIENT_VIEW} is not offered",
    ),
    "a trigger that is neither": (
        with_lines("trigger_actions = [true]", 'dialect = "epic"'),
        f"{PLACE}.trigger_actions[0]: must be text or a whole number, not true or false",
    ),
    "a trigger that Epic does not have": (
        with_lines('trigger_actions = [60, "abc"]', 'dialect = "epic"'),
        f"{PLACE}.trigger_actions[1]: must be one of: 5, 6, 7, 18, 23, 26, 27, 29, 60",
    ),
    "an order code of a system without a scheme": (
        with_lines('order_codes = [{proposal = "a/b", system = "preference-list", code = "1"}]'),
        f"{PLACE}.order_codes[0].system: must be an absolute URI, e.g. urn:oid:1.2.3",
    ),
    "an order code without a code": (
        with_lines('order_codes = [{proposal = "a/b", system = "urn:x"}]'),
        f"{PLACE}.order_codes[0].code: is missing: text is needed",
    ),
    "an order code of a rule": (
        SOUND + an_order_code("esi-first"),
        f"{PLACE}.order_codes[0].proposal: must be RULE/PROPOSAL, two ids joined by a slash",
    ),
    "two codes of one proposal": (
        SOUND + an_order_code("a/b") + an_order_code("a/b"),
        f"{PLACE}.order_codes[1].proposal: has a code already; a suggestion is ordered by one",
    ),
    "an override of nothing": (
        an_override(),
        f"{PLACE}.overrides[0]: exactly one of off, threshold, text must be given, not none",
    ),
    "an override of two things": (
        an_override('off = "massage"', 'threshold = "x"', "value = 1"),
        f"{PLACE}.overrides[0]: exactly one of off, threshold, text must be given, not off and threshold",
    ),
    "a threshold without a value": (
        an_override('threshold = "x"'),
        f"{PLACE}.overrides[0]: threshold and value go together: the id, and what is to hold instead",
    ),
    "a text that says nothing": (
        an_override('text = "massage"'),
        f"{PLACE}.overrides[0]: text and says go together: the id, and what is to hold instead",
    ),
    "a value that is no number": (
        an_override('threshold = "x"', "value = nan"),
        f"{PLACE}.overrides[0].value: must be a finite number",
    ),
    "an override by nobody": (
        SOUND + '[[tenants.st-vincent.overrides]]\noff = "massage"\non = 2026-11-02\nwhy = "x"',
        f"{PLACE}.overrides[0].by: is missing: text is needed",
    ),
    "an override of no day": (
        an_override('off = "massage"').replace("2026-11-02", '"yesterday"'),
        f"{PLACE}.overrides[0].on: must be a date, e.g. 2026-11-02, not text",
    ),
    "a key of an override misspelt": (
        an_override('of = "massage"'),
        f"{PLACE}.overrides[0]: unknown key 'of' (is 'off' meant?); known keys: by, on, why, off, ",
    ),
    "two that are alike": (
        SOUND + OTHER,
        "tenants.toml: tenants.other: no token could tell it from tenants.st-vincent: whatever fits",
    ),
    "one within another": (
        SOUND + OTHER + 'subject = "s"',
        "tenants.toml: tenants.other: no token could tell it from tenants.st-vincent",
    ),
    "an id in capitals": (
        SOUND.replace("st-vincent]", "Vincent]"),
        "tenants.toml: tenants.'Vincent': an id is made of a-z, 0-9 and single hyphens between them, has at ",
    ),
    "the id of development mode": (
        SOUND.replace("st-vincent]", "development]"),
        "tenants.toml: tenants.'development': an id is made of",
    ),
    "a tenant that is no table": (
        "[tenants]\na = 1",
        "tenants.toml: tenants.a: must be a table, not a whole number",
    ),
    "no tenants": ("", "tenants.toml: tenants: there is no tenant; write one as a table [tenants.ID]"),
    "another table": (
        SOUND + "[tenant.x]\n",
        "tenants.toml: 'tenant': unknown key; a tenant is a table [tenants.ID]",
    ),
    "no TOML": ("[tenants.a\n", "tenants.toml: is not TOML: "),
    "a key twice": (SOUND + 'title = "x"', "tenants.toml: is not TOML: Cannot overwrite a value (at "),
}


@pytest.mark.parametrize(("text", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_with_its_place_and_what_is_allowed(tmp_path: Path, text: str, expected: str) -> None:
    told = problems(tmp_path, text)

    assert len(told) == 1
    assert told[0].startswith(expected)
    assert "SECRET" not in told[0]


def test_without_a_public_url_each_tenant_needs_audiences(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, SOUND, NO_URL)

    assert told.startswith(f"{PLACE}.audiences: is missing: without BACKPATH_PUBLIC_URL the service does not")


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    faulty = with_lines('jku = "ftp://x"', "requests_per_minute = -1", 'dialect = "cerner"', "audience = 1")

    told = problems(tmp_path, f"{faulty}{OTHER}isuer = 1\n")

    places = [line.removeprefix("tenants.toml: ").partition(": ")[0] for line in told]
    assert places == [
        "tenants.st-vincent",
        "tenants.st-vincent.requests_per_minute",
        "tenants.st-vincent.dialect",
        "tenants.st-vincent.jku",
        "tenants.other",
    ]


def test_each_element_of_a_list_is_looked_at(tmp_path: Path) -> None:
    told = problems(tmp_path, with_lines('fhir_networks = ["10.0.0.1/8", "fd00::/8", "x"]'))

    assert [line.partition(": must")[0] for line in told] == [
        f"{PLACE}.fhir_networks[0]",
        f"{PLACE}.fhir_networks[2]",
    ]


def test_one_issuer_may_have_tenants_that_a_claim_tells_apart(tmp_path: Path) -> None:
    claims = loaded(tmp_path, SOUND + 'tenant = "a"\n' + OTHER + 'tenant = "b"\n')
    subjects = loaded(tmp_path, SOUND + 'subject = "a"\n' + OTHER + 'subject = "b"\n')

    assert [len(claims), len(subjects)] == [2, 2]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TenantsError, match=r"none\.toml: cannot be read: No such file or directory"):
        load_tenants(tmp_path / "none.toml", SETTINGS)


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(TenantsError, match="cannot be read: Is a directory"):
        load_tenants(tmp_path, SETTINGS)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    assert problems(tmp_path, b'[tenants.a]\ntitle = "\xff"') == ["tenants.toml: is not UTF-8 at byte 21"]


@pytest.mark.parametrize("text", [f"x = {'[' * 5000}", f"x = {'9' * 5000}", "x = 1e999999999999999999999"])
def test_absurd_files_are_refused_in_words(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text)[0].startswith("tenants.toml: ")
