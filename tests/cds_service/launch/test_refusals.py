"""Launches that must not succeed, each with a page that says why."""

import json
import re
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from msgspec.structs import replace
from werkzeug.test import TestResponse

from cds_service.fetching.web import Web
from cds_service.launch.discovery import Discovery
from cds_service.launch.oauth import Return, authorization, granted
from cds_service.launch.places import server_named
from cds_service.launch.routes import LAUNCHES_A_MINUTE
from cds_service.launch.troubles import WORDS, LaunchError, Trouble
from cds_service.settings import Settings
from cds_service.tenants.loading import load_tenants
from tests.cds_service.launch.ehr import Ehr
from tests.cds_service.launch.launching import (
    CALLBACK,
    Browser,
    Clock,
    a_service,
    cookies_of,
    tenants_file,
)

pytestmark = pytest.mark.integration

PATIENT = "sample-esi-repeat-window"


def reason(response: TestResponse) -> str:
    """The word of the page, which is also that of the log."""
    assert response.mimetype == "text/html"
    text = response.get_data(as_text=True)
    assert "<h1>" in text
    return text.partition("For support: <code>")[2].partition("</code>")[0]


def begun(browser: Browser, ehr: Ehr) -> str:
    """The callback that the EHR sends the browser to."""
    return browser.at_the_ehr(browser.get("/launch", iss=ehr.base, launch=ehr.launch(PATIENT)))


def test_an_answer_with_another_state_is_refused(ehr: Ehr, browser: Browser) -> None:
    callback = begun(browser, ehr)

    assert reason(browser.back(callback, state="another")) == "wrong-state"
    assert ehr.tokens == {}


def test_an_answer_without_a_state_is_refused(browser: Browser) -> None:
    assert reason(browser.get("/launch/callback", code="x")) == "wrong-state"


def test_an_answer_in_another_browser_is_refused(ehr: Ehr, browser: Browser) -> None:
    callback = begun(browser, ehr)

    other = Browser(browser.service)

    assert reason(other.back(callback)) == "wrong-state"
    assert ehr.tokens == {}


def test_an_answer_that_comes_late_is_refused(ehr: Ehr, settings: Settings) -> None:
    clock = Clock()
    browser = Browser(a_service(settings, clock))
    callback = begun(browser, ehr)

    clock.pass_by(601)

    assert reason(browser.back(callback)) == "wrong-state"


def test_an_answer_serves_once(ehr: Ehr, browser: Browser) -> None:
    callback = begun(browser, ehr)

    assert browser.back(callback).status_code == 303
    assert reason(browser.back(callback)) == "wrong-state"


def test_a_code_that_was_used_is_refused_by_the_server_too(ehr: Ehr, browser: Browser) -> None:
    asked = browser.get("/launch", iss=ehr.base, launch=ehr.launch(PATIENT))
    ((name, cookie),) = cookies_of(asked).items()
    callback = browser.at_the_ehr(asked)
    assert browser.back(callback).status_code == 303

    browser.client.set_cookie(name, cookie["value"], domain="cds.example.org", path="/launch", secure=True)

    assert reason(browser.back(callback)) == "code-refused"
    assert len(ehr.tokens) == 1


def test_a_code_of_another_launch_is_refused(ehr: Ehr, browser: Browser) -> None:
    stolen = parse_qs(urlsplit(begun(browser, ehr)).query)["code"][0]
    callback = begun(browser, ehr)

    assert reason(browser.back(callback, code=stolen)) == "code-refused"  # its challenge is another
    assert ehr.tokens == {}


def test_the_server_refuses_a_wrong_verifier(ehr: Ehr, browser: Browser) -> None:
    sites = browser.service.app.extensions["backpath"].sites.current
    server = server_named(ehr.base, sites)
    with Web() as web:
        endpoints = Discovery(web).endpoints(server, deadline=time.monotonic() + 30)
        asked = authorization(
            server,
            endpoints,
            iss=ehr.base,
            launch=ehr.launch(PATIENT),
            redirect_uri=CALLBACK,
            ends=0,
        )
        response = TestResponse(iter(()), "303", {"Location": asked.url}, None)  # type: ignore[arg-type]
        code = parse_qs(urlsplit(browser.at_the_ehr(response)).query)["code"][0]
        wrong = replace(asked.pending, verifier="w" * 64)
        back = Return(server=server, endpoints=endpoints, pending=wrong, deadline=time.monotonic() + 30)

        with pytest.raises(LaunchError) as refused:
            granted(web, back, code)

    assert refused.value.trouble is Trouble.CODE_REFUSED


def test_consent_that_is_refused_is_told(ehr: Ehr, browser: Browser) -> None:
    ehr.consent = False

    response = browser.launched(ehr, PATIENT)

    assert response.status_code == 403
    assert reason(response) == "consent-refused"
    assert "Access was not granted" in response.get_data(as_text=True)


def test_another_error_of_the_server_is_told_without_its_words(ehr: Ehr, browser: Browser) -> None:
    callback = begun(browser, ehr)

    response = browser.back(callback, error="server_error", error_description="<b>boom</b>")

    assert reason(response) == "access-refused"
    assert "boom" not in response.get_data(as_text=True)


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_an_endpoint_of_another_origin_is_not_called(ehr: Ehr, browser: Browser, name: str) -> None:
    ehr.endpoints = {name: "https://elsewhere.example/oauth"}

    response = browser.get("/launch", iss=ehr.base, launch="x")

    assert reason(response) == "other-origin"
    assert "Location" not in response.headers


def test_an_endpoint_of_an_origin_that_the_site_lists_is(
    ehr: Ehr, tmp_path: Path, settings: Settings
) -> None:
    file = tenants_file(tmp_path, ehr, 'authorization_servers = ["https://login.example/oauth2"]')
    browser = Browser(a_service(replace(settings, tenants=file)))
    ehr.endpoints = {"authorization_endpoint": "https://login.example/oauth2/authorize?tenant=1"}

    response = browser.get("/launch", iss=ehr.base, launch="x")

    assert response.headers["Location"].startswith("https://login.example/oauth2/authorize?tenant=1&")


def test_a_server_on_another_port_of_this_machine_is_another_origin(ehr: Ehr, browser: Browser) -> None:
    ehr.endpoints = {"token_endpoint": "http://127.0.0.1:9/token"}

    assert reason(browser.get("/launch", iss=ehr.base, launch="x")) == "other-origin"


def test_an_answer_of_another_issuer_is_refused(ehr: Ehr, browser: Browser) -> None:
    callback = begun(browser, ehr)

    assert reason(browser.back(callback, iss="https://elsewhere.example")) == "other-origin"
    assert ehr.tokens == {}


@pytest.mark.parametrize(
    "iss",
    [
        "https://elsewhere.example/fhir",
        "https://plain.st-vincent.example/fhir",  # of the tenant, but not SMART-enabled
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//elsewhere.example",
        "x" * 3000,
    ],
)
def test_a_server_that_is_not_listed_is_refused(browser: Browser, iss: str) -> None:
    response = browser.get("/launch", iss=iss, launch="x")

    assert reason(response) == "unknown-server"
    assert iss not in response.get_data(as_text=True)


@pytest.mark.parametrize("ending", ["?x=1", "/..", "@elsewhere.example", "/sub"])
def test_a_server_that_is_nearly_listed_is_refused(ehr: Ehr, browser: Browser, ending: str) -> None:
    assert reason(browser.get("/launch", iss=f"{ehr.base}{ending}", launch="x")) == "unknown-server"


def test_a_slash_at_the_end_of_a_server_does_not_matter(ehr: Ehr, browser: Browser) -> None:
    assert browser.get("/launch", iss=f"{ehr.base}/", launch="x").status_code == 303


def test_a_launch_without_a_server_says_where_to_begin(browser: Browser) -> None:
    assert reason(browser.get("/launch")) == "no-server"


def test_a_server_that_publishes_nothing_is_told(ehr: Ehr, browser: Browser) -> None:
    ehr.oauth = False

    assert reason(browser.get("/launch", iss=ehr.base, launch="x")) == "not-smart"


def test_a_server_that_is_away_is_told_at_every_step(ehr: Ehr, settings: Settings) -> None:
    browser = Browser(a_service(settings))
    ehr.is_away = True
    assert reason(browser.get("/launch", iss=ehr.base, launch="x")) == "server-away"

    ehr.is_away = False
    callback = begun(browser, ehr)
    ehr.is_away = True
    assert reason(browser.back(callback)) == "server-away"

    ehr.is_away = False
    back = browser.launched(ehr, PATIENT)
    ehr.is_away = True
    response = browser.shown(back)
    assert response.status_code == 502
    assert reason(response) == "server-away"


def test_a_launch_without_a_patient_is_told(ehr: Ehr, browser: Browser) -> None:
    assert reason(browser.launched(ehr, None)) == "no-patient"


@pytest.mark.parametrize("patient", ["..", "p1/../p2", "p1?x=1", "a" * 65])
def test_a_patient_id_that_is_none_is_refused(ehr: Ehr, browser: Browser, patient: str) -> None:
    assert reason(browser.launched(ehr, patient)) == "token-unusable"


def test_a_patient_that_is_not_there_is_told(ehr: Ehr, browser: Browser) -> None:
    assert reason(browser.shown(browser.launched(ehr, "nobody"))) == "no-record"


def test_a_token_that_the_server_withdrew_ends_the_view(ehr: Ehr, browser: Browser) -> None:
    back = browser.launched(ehr, PATIENT)
    ehr.tokens.clear()

    assert reason(browser.shown(back)) == "ended"


def test_a_token_that_does_not_cover_the_record_is_told(ehr: Ehr, tmp_path: Path, settings: Settings) -> None:
    file = tenants_file(tmp_path, ehr, 'scopes = "launch openid patient/Observation.rs"')
    browser = Browser(a_service(replace(settings, tenants=file)))

    assert reason(browser.shown(browser.launched(ehr, PATIENT))) == "not-permitted"


def test_a_token_that_has_ended_already_is_refused(ehr: Ehr, browser: Browser) -> None:
    ehr.expires_in = 0

    assert reason(browser.launched(ehr, PATIENT)) == "token-unusable"


def test_a_token_without_an_end_serves_a_quarter_of_an_hour(ehr: Ehr, settings: Settings) -> None:
    ehr.expires_in = None
    clock = Clock()
    browser = Browser(a_service(settings, clock))
    back = browser.launched(ehr, PATIENT)

    clock.pass_by(901)

    assert reason(browser.shown(back)) == "ended"


@pytest.mark.parametrize("claim", ["issuer", "audience", "nonce"])
def test_an_id_token_that_is_not_for_this_launch_is_refused(ehr: Ehr, browser: Browser, claim: str) -> None:
    setattr(ehr, f"{claim}_of_id_tokens", "another")

    assert reason(browser.launched(ehr, PATIENT)) == "wrong-identity"


def test_an_id_token_signed_by_another_key_is_refused(ehr: Ehr, browser: Browser) -> None:
    callback = begun(browser, ehr)
    ehr.published = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})

    assert reason(browser.back(callback)) == "wrong-identity"


def test_a_large_token_is_kept_in_two_cookies(ehr: Ehr, browser: Browser) -> None:
    ehr.token_padding = 3500
    back = browser.launched(ehr, PATIENT)

    kept = [cookie for name, cookie in cookies_of(back).items() if name.startswith("backpath-pathway")]
    assert len(kept) == 2
    assert all(len(cookie["value"]) < 3900 for cookie in kept)
    assert browser.shown(back).status_code == 200


def test_a_token_beyond_that_is_refused(ehr: Ehr, browser: Browser) -> None:
    ehr.token_padding = 6000

    assert reason(browser.launched(ehr, PATIENT)) == "token-too-large"


@pytest.fixture
def shown(ehr: Ehr, browser: Browser) -> tuple[str, str, str]:
    """Path of a page, and name and value of its cookie."""
    back = browser.launched(ehr, PATIENT)
    path = urlsplit(back.headers["Location"]).path
    name, cookie = next((n, c) for n, c in cookies_of(back).items() if n.startswith("backpath-pathway"))
    assert browser.get(path).status_code == 200
    return path, name, cookie["value"]


@pytest.mark.parametrize("at", [0, 12, 40, -1])
def test_a_cookie_that_was_changed_opens_nothing(
    browser: Browser, shown: tuple[str, str, str], at: int
) -> None:
    path, name, value = shown
    changed = list(value)
    changed[at] = "A" if changed[at] != "A" else "B"

    browser.client.set_cookie(name, "".join(changed), domain="cds.example.org", path=path, secure=True)

    assert reason(browser.get(path)) == "ended"


@pytest.mark.parametrize(
    "value", ["", ".", "st-vincent.", "st-vincent.AAAA", "st-vincent.!!", "development.x"]
)
def test_a_cookie_that_is_none_opens_nothing(
    browser: Browser, shown: tuple[str, str, str], value: str
) -> None:
    path, name, _ = shown

    browser.client.set_cookie(name, value, domain="cds.example.org", path=path, secure=True)

    assert reason(browser.get(path)) == "ended"


def test_the_cookie_of_one_page_opens_no_other(browser: Browser, shown: tuple[str, str, str]) -> None:
    _, _, value = shown
    path = "/launch/pathway/00000000000000000000000000000000"

    name = f"backpath-pathway-{path.rpartition('/')[2]}"
    browser.client.set_cookie(name, value, domain="cds.example.org", path=path, secure=True)

    assert reason(browser.get(path)) == "ended"


def test_a_session_of_a_server_that_is_no_longer_the_sites_has_ended(ehr: Ehr, settings: Settings) -> None:
    service = a_service(settings)
    browser = Browser(service)
    back = browser.launched(ehr, PATIENT)
    assert settings.tenants is not None
    text = settings.tenants.read_text().replace(
        f'["{ehr.base}"]', '["https://plain.st-vincent.example/fhir"]'
    )
    settings.tenants.write_text(text)
    assert load_tenants(settings.tenants, settings)

    service.app.extensions["backpath"].reload()

    assert reason(browser.shown(back)) == "unknown-server"


def test_every_refusal_is_logged_by_its_word_alone(ehr: Ehr, browser: Browser) -> None:
    ehr.consent = False
    browser.launched(ehr, PATIENT)

    lines = [json.loads(line) for line in browser.service.log.getvalue().splitlines()]
    told = [line for line in lines if line["event"] == "launch.refused"]
    assert [(line["tenant"], line["reason"]) for line in told] == [("st-vincent", "consent-refused")]


@pytest.mark.parametrize("trouble", list(Trouble))
def test_every_trouble_has_words(trouble: Trouble) -> None:
    assert WORDS[trouble].title
    assert WORDS[trouble].status >= 400


def test_a_flood_of_launches_is_bounded_and_leaves_open_pages_alone(settings: Settings, ehr: Ehr) -> None:
    service = a_service(replace(settings, operator_token="long enough"))  # noqa: S106
    browser = Browser(service)
    page = browser.launched(ehr, PATIENT).headers["Location"]

    statuses = [browser.get("/launch", iss=ehr.base).status_code for _ in range(2 * LAUNCHES_A_MINUTE)]
    refused = browser.get("/launch", iss=ehr.base)

    assert LAUNCHES_A_MINUTE - 1 <= statuses.count(303) < 2 * LAUNCHES_A_MINUTE
    assert set(statuses) == {303, 429}
    assert reason(refused) == "too-many"
    assert refused.headers["Retry-After"] == "60"
    assert browser.get(urlsplit(page).path).status_code == 200
    figures = service.app.test_client().get("/metrics", auth=("operator", "long enough")).text
    counted = dict(
        re.findall(r'backpath_launches_total\{outcome="([^"]+)",tenant="st-vincent"\} ([0-9.]+)', figures)
    )
    assert float(counted["begun"]) == statuses.count(303) + 1
    assert float(counted["too-many"]) == statuses.count(429) + 1
    assert (float(counted["granted"]), float(counted["shown"])) == (1, 1)
