"""Launches against a real authorization server, from the EHR's word to the page."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from msgspec.structs import replace

from cds_service.decision import Decider
from cds_service.samples import Samples
from cds_service.settings import Settings
from pathway.loading import load_code_rows
from tests.cds_service.fetching.fhir_servers import by_prefetch
from tests.cds_service.launch.ehr import CLIENT, SECRET, Ehr
from tests.cds_service.launch.launching import (
    CALLBACK,
    Browser,
    Clock,
    a_service,
    tenants_file,
)
from tests.cds_service.making import TODAY, ids_of, state_of

pytestmark = pytest.mark.integration

SAMPLE = "esi-repeat-window"
PATIENT, OTHER = f"sample-{SAMPLE}", "sample-initial-conservative"


def answer_about(sample: str, decider: Decider) -> Any:
    prefetch = json.loads(Samples.load(load_code_rows()).request(sample, TODAY))["prefetch"]
    return by_prefetch(prefetch, f"sample-{sample}", decider)


def test_a_launch_from_the_ehr_shows_the_patient_in_context(ehr: Ehr, browser: Browser) -> None:
    page = browser.shown(browser.launched(ehr, PATIENT))

    text = page.get_data(as_text=True)
    assert page.status_code == 200, text
    assert PATIENT in text
    assert "Anselm Duarte" in text
    assert "Window for a further injection" in text
    assert text.count("<svg") >= 2


@pytest.mark.parametrize("sample", [SAMPLE, "initial-conservative", "red-flag-emergency"])
def test_the_page_says_what_the_cards_say(ehr: Ehr, browser: Browser, sample: str, decider: Decider) -> None:
    answer = answer_about(sample, decider)

    text = browser.shown(browser.launched(ehr, f"sample-{sample}")).get_data(as_text=True)

    assert re.findall(r'id="r-([a-z-]+)"', text) == ids_of(answer)
    assert decider.knowledge.states[state_of(answer)].title in text  # type: ignore[index]


def test_the_page_has_both_sides_of_the_evidence_and_words_for_the_patient(
    ehr: Ehr, browser: Browser
) -> None:
    text = browser.shown(browser.launched(ehr, PATIENT)).get_data(as_text=True)

    assert "little or no benefit" in text
    assert "A repeat after 50 % relief or more" in text
    assert "For the conversation with the patient" in text
    assert "What we do not know" in text
    assert "What the record lacks" in text


def test_an_authorization_request_is_as_smart_app_launch_wants_it(ehr: Ehr, browser: Browser) -> None:
    browser.launched(ehr, PATIENT)

    (asked,) = ehr.asked
    assert asked["response_type"] == "code"
    assert asked["client_id"] == CLIENT
    assert asked["redirect_uri"] == CALLBACK
    assert asked["aud"] == ehr.base
    assert asked["scope"] == "launch openid fhirUser patient/*.rs"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 43
    assert len(asked["nonce"]) >= 43


def test_no_two_launches_share_a_secret(ehr: Ehr, browser: Browser) -> None:
    browser.launched(ehr, PATIENT)
    browser.launched(ehr, PATIENT)

    one, other = ehr.asked
    assert all(one[name] != other[name] for name in ("state", "nonce", "code_challenge"))


def test_a_standalone_launch_lets_the_ehr_pick_the_patient(ehr: Ehr, browser: Browser) -> None:
    ehr.picked = PATIENT

    page = browser.shown(browser.standalone(ehr))

    assert PATIENT in page.get_data(as_text=True)
    assert ehr.asked[0]["scope"].split()[0] == "launch/patient"
    assert "launch" not in ehr.asked[0]


def test_a_client_with_a_secret_proves_it(tmp_path: Path, ehr: Ehr, settings: Settings) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    ehr.register(CALLBACK, secret=SECRET)
    file = tenants_file(tmp_path, ehr, f'client_secret_file = "{secret}"')
    browser = Browser(a_service(replace(settings, tenants=file)))

    page = browser.shown(browser.launched(ehr, PATIENT))

    assert page.status_code == 200


def test_a_client_whose_secret_is_wrong_gets_a_page_that_says_so(
    tmp_path: Path, ehr: Ehr, settings: Settings
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("another")
    ehr.register(CALLBACK, secret=SECRET)
    file = tenants_file(tmp_path, ehr, f'client_secret_file = "{secret}"')
    browser = Browser(a_service(replace(settings, tenants=file)))

    assert browser.launched(ehr, PATIENT).status_code == 400


def test_a_server_that_only_knows_the_older_extension_will_do(ehr: Ehr, browser: Browser) -> None:
    ehr.smart = False

    page = browser.shown(browser.launched(ehr, PATIENT))

    assert page.status_code == 200


def test_a_server_of_smart_1_is_asked_in_its_own_words(ehr: Ehr, browser: Browser) -> None:
    ehr.capabilities = ("launch-ehr", "client-public")

    page = browser.shown(browser.launched(ehr, PATIENT))

    assert page.status_code == 200
    assert ehr.asked[0]["scope"] == "launch openid fhirUser patient/*.read"


def test_the_recommendations_of_the_card_that_led_here_are_marked(ehr: Ehr, browser: Browser) -> None:
    ehr.app_context = json.dumps({"card": "x", "recommendations": ["shared-decision", "no-such-thing"]})

    text = browser.shown(browser.launched(ehr, PATIENT)).get_data(as_text=True)

    assert re.findall(r'is-focus[^"]*" id="r-([a-z-]+)"', text) == ["shared-decision"]


@pytest.mark.parametrize("context", ["", "{", "[]", '{"recommendations": [1]}', '{"recommendations": null}'])
def test_an_odd_context_of_the_card_is_passed_over(ehr: Ehr, browser: Browser, context: str) -> None:
    ehr.app_context = context

    page = browser.shown(browser.launched(ehr, PATIENT))

    assert page.status_code == 200


def test_two_patients_in_two_windows_are_not_mixed_up(ehr: Ehr, browser: Browser) -> None:
    one = browser.launched(ehr, PATIENT)
    other = browser.launched(ehr, OTHER)

    assert PATIENT in browser.shown(one).get_data(as_text=True)
    assert OTHER in browser.shown(other).get_data(as_text=True)
    assert PATIENT in browser.shown(one).get_data(as_text=True)


def test_launches_that_overlap_all_come_back(ehr: Ehr, browser: Browser) -> None:
    asked = [browser.get("/launch", iss=ehr.base, launch=ehr.launch(who)) for who in (PATIENT, OTHER)]

    pages = [browser.shown(browser.back(browser.at_the_ehr(one))) for one in asked]

    assert [page.status_code for page in pages] == [200, 200]


def test_any_worker_goes_on_with_what_another_began(ehr: Ehr, settings: Settings) -> None:
    browser = Browser(a_service(settings))
    asked = browser.get("/launch", iss=ehr.base, launch=ehr.launch(PATIENT))

    browser.moved_to(a_service(settings))
    back = browser.back(browser.at_the_ehr(asked))
    browser.moved_to(a_service(settings))
    page = browser.shown(back)

    assert page.status_code == 200
    assert PATIENT in page.get_data(as_text=True)


def test_a_service_with_another_key_opens_nothing(ehr: Ehr, settings: Settings, tmp_path: Path) -> None:
    browser = Browser(a_service(settings))
    back = browser.launched(ehr, PATIENT)

    browser.moved_to(a_service(replace(settings, store=f"sqlite:///{tmp_path}/elsewhere/store.sqlite3")))

    assert browser.shown(back).status_code == 403


def test_the_page_can_be_loaded_again_until_the_token_ends(ehr: Ehr, settings: Settings) -> None:
    clock = Clock()
    browser = Browser(a_service(settings, clock))
    back = browser.launched(ehr, PATIENT)

    clock.pass_by(3590)
    before = browser.shown(back)
    clock.pass_by(20)
    after = browser.shown(back)

    assert before.status_code == 200
    assert after.status_code == 403
    assert "This view has ended" in after.get_data(as_text=True)


def test_a_view_can_be_closed(ehr: Ehr, browser: Browser) -> None:
    back = browser.launched(ehr, PATIENT)
    page = browser.shown(back)
    action = re.findall(r'<form[^>]* action="([^"]+)"', page.get_data(as_text=True))[0]

    closed = browser.client.post(urljoin(back.headers["Location"], action))

    assert closed.status_code == 200
    assert browser.shown(back).status_code == 403


def test_development_mode_launches_from_loopback(ehr: Ehr, tmp_path: Path) -> None:
    service = a_service(Settings(store=f"sqlite:///{tmp_path}/development.sqlite3"))
    browser = Browser(service, base="http://127.0.0.1:5000")
    ehr.register("http://127.0.0.1:5000/launch/callback", client_id="backpath")

    page = browser.shown(browser.launched(ehr, PATIENT))

    assert page.status_code == 200


def test_the_service_may_stand_below_a_path(ehr: Ehr, settings: Settings) -> None:
    ehr.register("https://hospital.example/backpath/launch/callback")
    service = a_service(replace(settings, public_url="https://hospital.example/backpath"))
    browser = Browser(service, base="https://hospital.example")

    asked = browser.get("/launch", iss=ehr.base, launch=ehr.launch(PATIENT))

    assert "Path=/backpath/launch" in asked.headers["Set-Cookie"]
    callback = browser.at_the_ehr(asked)
    assert callback.startswith("https://hospital.example/backpath/launch/callback?code=")
