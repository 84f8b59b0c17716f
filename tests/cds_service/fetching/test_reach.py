"""Which URLs may be called: what lies within a base and is spelled plainly."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fetching.reach import MAX_URL, Reach, own_server, place_of, reach_of
from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.settings import Settings
from cds_service.tenants.model import Tenant, development

BASE = "https://ehr.example.org/fhir/r4"
REACH = Reach((BASE,))


def refused(reach: Reach, url: str) -> Why:
    with pytest.raises(NotFetchedError) as caught:
        reach.place(url)
    return caught.value.why


@pytest.mark.parametrize(
    "url",
    [
        BASE,
        f"{BASE}/",
        f"{BASE}/Patient/p1",
        f"{BASE}/Condition?patient=p1&code=http://loinc.org|72514-3,x",
        f"{BASE}?_getpages=8a9b&_getpagesoffset=20",
        f"{BASE}/Patient/a%20b",
        f"{BASE}/Patient/a..b/.hidden...",
        "HTTPS://EHR.Example.ORG:443/fhir/r4/Patient/p1",
    ],
)
def test_what_lies_below_a_base_may_be_called(url: str) -> None:
    assert REACH.place(url).host == "ehr.example.org"


@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example.org/fhir/r4/Patient/p1",
        "https://ehr.example.org:8443/fhir/r4/Patient/p1",
        "https://ehr.example.org.evil.example/fhir/r4/Patient/p1",
        "https://evil.example/fhir/r4/Patient/p1",
        "https://ehr.example.org/",
        "https://ehr.example.org/fhir",
        "https://ehr.example.org/fhir/r4x/Patient/p1",
        "https://ehr.example.org/fhir/R4/Patient/p1",
        "https://ehr.example.org//fhir/r4/Patient/p1",
        "https://ehr.example.org?/fhir/r4/",
        "https://169.254.169.254/fhir/r4/latest/meta-data",
    ],
)
def test_what_lies_elsewhere_may_not(url: str) -> None:
    assert refused(REACH, url) == Why.OTHER_ORIGIN


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ehr.example.org/fhir/r4",
        "//ehr.example.org/fhir/r4",
        "file:///etc/passwd",
        "ftp://ehr.example.org/fhir/r4",
        "gopher://ehr.example.org/fhir/r4",
        "https:/ehr.example.org/fhir/r4",
        "https://",
        "https:///fhir/r4",
        "https://user@ehr.example.org/fhir/r4",
        "https://user:secret@ehr.example.org/fhir/r4",
        "https://ehr.example.org@evil.example/fhir/r4",
        "https://evil.example#@ehr.example.org/fhir/r4",
        f"{BASE}/Patient#x",
        "https://ehr.example.org\\@evil.example/fhir/r4",
        "https://evil.example\\.ehr.example.org/fhir/r4",
        f"{BASE}\\..\\admin",
        f"{BASE}/Patient/p 1",
        f" {BASE}",
        f"{BASE}\n",
        f"{BASE}/\r\nHost: evil.example",
        f"{BASE}/\t",
        f"{BASE}/\x00",
        f"{BASE}/Patient/é",
        "https://ehr.example.org./fhir/r4",
        "https://.ehr.example.org/fhir/r4",
        "https://ehr..example.org/fhir/r4",
        "https://ehr.example.org:/fhir/r4",
        "https://ehr.example.org:0/fhir/r4",
        "https://ehr.example.org:65536/fhir/r4",
        "https://ehr.example.org:443:443/fhir/r4",
        "https://ehr.example.org:+443/fhir/r4",
        "https://ehr.example.org:\uff14\uff14\uff13/fhir/r4",
        "https://ehr%2eexample.org/fhir/r4",
        "https://ehr\u3002example.org/fhir/r4",
        "https://ehr.exämple.org/fhir/r4",
        "https://①②⑦.0.0.1/fhir/r4",
        "https://2130706433/fhir/r4",
        "https://0x7f000001/fhir/r4",
        "https://0x7f.0.0.1/fhir/r4",
        "https://017700000001/fhir/r4",
        "https://0177.0.0.1/fhir/r4",
        "https://127.1/fhir/r4",
        "https://127.0.0.1./fhir/r4",
        "https://127.0.0.256/fhir/r4",
        "https://[::1/fhir/r4",
        "https://[::1]x/fhir/r4",
        "https://[fe80::1%25eth0]/fhir/r4",
        "https://[127.0.0.1]/fhir/r4",
        f"{BASE}/../admin",
        f"{BASE}/..",
        f"{BASE}/./Patient",
        f"{BASE}/%2e%2e/admin",
        f"{BASE}/%2E./admin",
        f"{BASE}/..;/admin",
        f"{BASE}/..;a=b/admin",
        f"{BASE}/..%2fadmin",
        f"{BASE}/..%5cadmin",
        f"{BASE}/%252e%252e/admin",
        f"{BASE}/a%00b",
        f"{BASE}/a%0d%0ab",
        f"{BASE}/a%zzb",
        f"{BASE}/a%",
        f"{BASE}/{'a' * MAX_URL}",
    ],
)
def test_an_odd_spelling_is_refused_before_anything_else(url: str) -> None:
    assert refused(REACH, url) == Why.REFUSED_URL


def test_a_base_at_the_root_covers_its_host() -> None:
    reach = Reach(("https://ehr.example.org",))

    assert reach.place("https://ehr.example.org").url == "https://ehr.example.org/"
    assert reach.place("https://ehr.example.org/Patient/p1").path == "/Patient/p1"


def test_a_url_is_sent_in_its_normal_form() -> None:
    assert place_of("HTTP://EHR.example.org:80/A?b=C").url == "http://ehr.example.org/A?b=C"
    assert place_of("http://[0:0:0:0:0:0:0:1]:8080/a").url == "http://[::1]:8080/a"
    assert place_of("https://ehr.example.org:8443/a").url == "https://ehr.example.org:8443/a"


@pytest.mark.parametrize(
    ("link", "target"),
    [
        (f"{BASE}?page=2", f"{BASE}?page=2"),
        ("?page=2", f"{BASE}/Condition?page=2"),
        ("/fhir/r4/Condition?page=2", f"{BASE}/Condition?page=2"),
        ("Observation/../Condition?page=2", f"{BASE}/Condition?page=2"),
    ],
)
def test_a_link_within_the_base_is_followed(link: str, target: str) -> None:
    place = REACH.place(f"{BASE}/Condition?patient=p1")

    assert REACH.following(place, link).url == target


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/fhir/r4?page=2",
        "//evil.example/fhir/r4?page=2",
        "http://ehr.example.org/fhir/r4?page=2",
        "https://ehr.example.org:8443/fhir/r4?page=2",
        "https://other.example.org/fhir?page=2",
        "/admin",
        "../../admin",
        "/fhir/r4/%2e%2e/%2e%2e/admin",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[",
        "/fhir/r4/\\evil.example",
        "/fhir/r4/a b",
        "",
    ],
)
def test_a_link_elsewhere_is_not(link: str) -> None:
    reach = Reach((BASE, "https://other.example.org/fhir"))
    place = reach.place(f"{BASE}?page=1")

    with pytest.raises(NotFetchedError):
        reach.following(place, link)


def test_a_call_is_held_to_the_server_it_named() -> None:
    reach = Reach((BASE, "https://other.example.org/fhir"))

    narrowed = reach.within(f"{BASE}/")

    assert narrowed.bases == (BASE,)
    assert refused(narrowed, "https://other.example.org/fhir/Patient/p1") == Why.OTHER_ORIGIN
    with pytest.raises(NotFetchedError):
        reach.within("https://evil.example/fhir")
    with pytest.raises(NotFetchedError):
        reach.within(f"{BASE}?x=/")


def test_loopback_stands_for_any_port_and_path_and_nothing_else() -> None:
    reach = Reach(loopback=True)

    for url in (
        "http://localhost:8080/fhir",
        "http://127.0.0.1:1/a",
        "http://[::1]:9/a",
        "http://127.9.9.9/",
    ):
        assert reach.place(url).is_loopback
    for url in ("http://localhost.evil.example/", "http://10.0.0.1/", "http://[::2]/", "http://0.0.0.0/"):
        assert refused(reach, url) == Why.OTHER_ORIGIN


def test_a_loopback_server_once_named_leads_to_no_other_port() -> None:
    reach = Reach(loopback=True).within("http://localhost:8080/fhir")

    assert reach.place("http://localhost:8080/fhir/Patient/p1")
    assert refused(reach, "http://localhost:9200/fhir/Patient/p1") == Why.OTHER_ORIGIN
    assert reach.admission(place_of("http://localhost:8080/fhir")).admits("127.0.0.1")


def test_development_mode_reaches_this_machine_and_the_listed_servers_wherever_they_stand() -> None:
    reach = reach_of(development(Settings(fhir_servers=("http://fhir.lan/r4",))))
    place = reach.place("http://fhir.lan/r4/Patient/p1")

    assert reach.place("http://localhost:8080/fhir").is_loopback
    assert refused(reach, "https://hapi.fhir.org/baseR4") == Why.OTHER_ORIGIN
    for address in ("127.0.0.1", "192.168.1.5", "fd00::5", "8.8.8.8"):
        assert reach.admission(place).admits(address)
    for address in ("169.254.169.254", "fd00:ec2::254", "169.254.0.1"):
        assert not reach.admission(place).admits(address)


def test_a_tenant_reaches_public_servers_by_https_and_others_in_its_networks() -> None:
    bases = ("https://ehr.example.org/fhir", "http://ehr.lan/fhir")
    site = ip_network("10.1.0.0/16")
    reach = reach_of(Tenant(id="a", title="A", fhir_servers=bases, fhir_networks=(site,)))
    secure, clear = (reach.admission(place_of(base)) for base in bases)

    assert secure.admits("8.8.8.8")
    assert secure.admits("10.1.2.3")
    assert not secure.admits("10.2.0.1")
    assert not secure.admits("127.0.0.1")
    assert clear.admits("10.1.2.3")
    assert not clear.admits("8.8.8.8")
    assert refused(reach, "http://localhost:8080/fhir") == Why.OTHER_ORIGIN


def test_try_reaches_the_server_that_its_user_typed() -> None:
    reach = own_server("http://hapi.fhir.org/baseR4")

    assert reach.admission(reach.place("http://hapi.fhir.org/baseR4/Patient/p1")).admits("8.8.8.8")
    assert refused(reach, "http://hapi.fhir.org/baseDstu3/Patient/p1") == Why.OTHER_ORIGIN


@given(tail=st.text(alphabet=st.sampled_from("/.%2eEfF5cC;\\?#@:aA~|"), max_size=20))
def test_no_tail_of_a_base_leads_out_of_it(tail: str) -> None:
    try:
        place = REACH.place(BASE + tail)
    except NotFetchedError:
        return

    assert place.origin == ("https", "ehr.example.org", 443)
    assert place.path == "/fhir/r4" or place.path.startswith("/fhir/r4/")
    assert not {".", ".."} & set(place.path.split("/"))


@given(url=st.text(max_size=60) | st.text(max_size=40).map(lambda text: f"https://{text}"))
def test_any_text_is_a_place_or_refused(url: str) -> None:
    try:
        place = place_of(url)
    except NotFetchedError:
        return

    assert place_of(place.url) == place
