"""Who is let in, as whom, and what is told of those who are not."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.tenants.model import Tenant
from cds_service.trust import sandbox
from cds_service.trust.errors import NotAuthenticatedError, Reason
from tests.cds_service.trust.making import (
    ACCEPTED,
    ISSUER,
    JKU,
    LOOPBACK_URL,
    NOW,
    PATH,
    PUBLIC_URL,
    KeyServer,
    UsedNonces,
    bearer,
    claims,
    header,
    jwk,
    key_set,
    published,
    reason,
    tenant,
    token,
    verifier,
)

DEVELOPMENT = Tenant(id="development", title="Development mode", development=True)
STAND_IN = jwk("ES384 sandbox", sandbox.KEY["kid"])  # for the sandbox's own key


def sandbox_token(aud: str = LOOPBACK_URL + PATH, **changed: object) -> str:
    named = header(kid=sandbox.KEY["kid"], jku=sandbox.JKU)
    return bearer(token(named | changed, claims(iss=sandbox.ISSUER, aud=aud), by="ES384 sandbox"))


@pytest.mark.parametrize("algorithm", ACCEPTED)
def test_a_strong_signature_lets_in(algorithm: str) -> None:
    made = bearer(token(header(algorithm), by=algorithm))

    assert verifier().verify(made, PATH, [tenant()], None) == tenant()


def test_ed448_is_taken_too() -> None:
    made = header("EdDSA", kid="ed448", jku=None)
    client = tenant(jku=None, jwks=(jwk("Ed448", "ed448"),))

    assert reason(bearer(token(made, by="Ed448")), client) is None


def test_the_very_tenant_that_was_given_comes_back() -> None:
    clinic = tenant()

    assert verifier().verify(bearer(token()), PATH, [tenant(id="other", issuer="x"), clinic], None) is clinic


class TestDevelopmentMode:
    def test_no_token_is_asked_for(self) -> None:
        assert verifier().verify(None, PATH, [DEVELOPMENT], LOOPBACK_URL) is DEVELOPMENT

    def test_the_sandbox_is_known(self) -> None:
        by = verifier(sandbox_key=STAND_IN)

        assert by.verify(sandbox_token(), PATH, [DEVELOPMENT], LOOPBACK_URL) is DEVELOPMENT

    def test_the_sandbox_is_known_under_the_public_url(self) -> None:
        by = verifier(sandbox_key=STAND_IN)

        assert reason(sandbox_token(PUBLIC_URL + PATH), DEVELOPMENT, by=by) is None

    @pytest.mark.parametrize("jku", [sandbox.JKU, None])
    def test_its_keys_are_never_fetched(self, jku: str | None) -> None:
        server = KeyServer({sandbox.JKU: key_set(STAND_IN)})
        made = bearer(
            token(header(kid="new", jku=jku), claims(iss=sandbox.ISSUER, aud=LOOPBACK_URL + PATH), by="ES384")
        )

        assert reason(made, DEVELOPMENT, by=verifier(server)) is Reason.UNKNOWN_KEY
        assert server.asked == []

    @pytest.mark.parametrize(
        ("authorization", "expected"),
        [
            ("", Reason.NOT_BEARER),
            ("Basic b3BlcmF0b3I6eA==", Reason.NOT_BEARER),
            ("Bearer x", Reason.TOKEN_MALFORMED),
            (bearer(token()), Reason.UNKNOWN_ISSUER),
            (sandbox_token(), Reason.BAD_SIGNATURE),  # not signed with the sandbox's own key
            (sandbox_token(jku="https://evil.example.net/jwks.json"), Reason.JKU_NOT_LISTED),
        ],
    )
    def test_a_token_that_is_sent_is_refused_like_any_other(
        self, authorization: str, expected: Reason
    ) -> None:
        assert reason(authorization, DEVELOPMENT) is expected

    @pytest.mark.parametrize("aud", ["http://localhost:5000" + PATH, "http://127.0.0.1:5001" + PATH, PATH])
    def test_the_audience_is_the_url_that_was_called(self, aud: str) -> None:
        by = verifier(sandbox_key=STAND_IN)

        assert reason(sandbox_token(aud), DEVELOPMENT, by=by) is Reason.WRONG_AUDIENCE

    def test_a_token_is_used_once(self) -> None:
        by = verifier(sandbox_key=STAND_IN)
        made = sandbox_token()

        assert [reason(made, DEVELOPMENT, by=by) for _ in range(2)] == [None, Reason.REPLAYED]


class TestTheSandboxElsewhere:
    @pytest.mark.parametrize(
        "client",
        [
            tenant(issuer=sandbox.ISSUER, jku=sandbox.JKU),
            tenant(issuer=sandbox.ISSUER, jku=sandbox.JKU, jwks=(dict(sandbox.KEY),)),
        ],
    )
    def test_its_issuer_is_refused_whatever_the_tenants_file_says(self, client: Tenant) -> None:
        server = KeyServer({sandbox.JKU: key_set(STAND_IN)})

        told = reason(sandbox_token(PUBLIC_URL + PATH), client, by=verifier(server, sandbox_key=STAND_IN))

        assert told is Reason.PUBLIC_PRIVATE_KEY
        assert server.asked == []

    @pytest.mark.parametrize("spelt", [sandbox.KEY["x"], sandbox.KEY["x"] + "="])
    def test_its_key_is_refused_under_another_issuer(self, spelt: str) -> None:
        client = tenant(jku=None, jwks=({**sandbox.KEY, "x": spelt},))
        made = bearer(token(header(kid=sandbox.KEY["kid"], jku=None)))

        assert reason(made, client) is Reason.PUBLIC_PRIVATE_KEY


class TestAudience:
    def test_one_of_a_list_is_enough(self) -> None:
        made = bearer(token(claimed=claims(aud=["x", PUBLIC_URL + PATH])))

        assert reason(made) is None

    def test_a_slash_at_the_end_of_the_public_url_does_not_count(self) -> None:
        assert reason(bearer(token()), by=verifier(public_url=f"{PUBLIC_URL}/")) is None

    def test_a_host_header_makes_no_audience_of_a_tenant(self) -> None:
        made = claims(aud=LOOPBACK_URL + PATH)

        assert reason(bearer(token(claimed=made)), by=verifier(public_url=None)) is Reason.WRONG_AUDIENCE

    def test_without_either_only_the_tenants_own_audiences_are_left(self) -> None:
        by = verifier(public_url=None)
        called, agreed = (bearer(token(claimed=claims(aud=aud))) for aud in (PATH, "agreed"))

        told = [reason(m, tenant(audiences=("agreed",)), by=by, loopback_url=None) for m in (called, agreed)]

        assert told == [Reason.WRONG_AUDIENCE, None]

    def test_discovery_and_feedback_are_called_by_their_own_urls(self) -> None:
        for path in ("/cds-services", f"{PATH}/feedback"):
            assert reason(bearer(token(claimed=claims(aud=PUBLIC_URL + path))), path=path) is None


class TestSeveralTenants:
    NORTH = tenant(id="north", claim="north")
    SOUTH = tenant(id="south", claim="south", subject="backpath")

    def test_the_claims_tell_them_apart(self) -> None:
        south = bearer(token(claimed=claims(tenant="south", sub="backpath")))

        assert verifier().verify(south, PATH, [self.NORTH, self.SOUTH], None) is self.SOUTH

    @pytest.mark.parametrize(
        ("made", "expected"),
        [
            (token(claimed=claims(tenant="east")), Reason.WRONG_TENANT),
            (token(by="ES384 other"), Reason.BAD_SIGNATURE),
        ],
    )
    def test_the_reason_is_that_of_the_one_that_fits_best(self, made: str, expected: Reason) -> None:
        west = tenant(id="west", jku="https://west.example.org/jwks.json")

        assert reason(bearer(made), west, self.NORTH, west) is expected

    def test_a_token_that_fits_two_fits_none(self) -> None:
        made = bearer(token(claimed=claims(sub="backpath")))
        twins = (tenant(id="one"), tenant(id="two", subject="backpath"))

        by = verifier()

        assert reason(made, *twins, by=by) is Reason.AMBIGUOUS_TENANT
        assert reason(made, twins[0], by=by) is None  # nor was its nonce spent

    def test_the_jku_of_one_does_not_open_another(self) -> None:
        theirs = "https://other.example.org/jwks.json"
        server = KeyServer({JKU: published(), theirs: key_set(jwk("ES384 theirs", "ES384"))})
        other = tenant(id="other", issuer="https://other.example.org", jku=theirs)
        made = bearer(token(header(jku=theirs), by="ES384 theirs"))  # but with our issuer

        assert reason(made, tenant(), other, by=verifier(server)) is Reason.JKU_NOT_LISTED

    def test_a_hundred_sites_of_one_vendor_are_told_apart(self) -> None:
        sites = [tenant(id=str(n), claim=str(n)) for n in range(100)]

        found = verifier().verify(bearer(token(claimed=claims(tenant="99"))), PATH, sites, None)

        assert found is sites[99]


class TestNonces:
    def test_a_nonce_is_kept_until_its_token_cannot_be_used(self) -> None:
        nonces = UsedNonces()

        reason(bearer(token(claimed=claims(jti="j", exp=NOW + 60))), by=verifier(nonces=nonces))

        assert nonces.kept == {(ISSUER, "j"): NOW + 90}

    @pytest.mark.parametrize(
        "refused",
        [
            token(claimed=claims(jti="j"), by="ES384 other"),
            token(claimed=claims(jti="j", aud="x")),
            token(claimed=claims(jti="j", exp=NOW - 31)),
        ],
    )
    def test_a_refused_token_spends_no_nonce(self, refused: str) -> None:
        by = verifier()

        reason(bearer(refused), by=by)

        assert reason(bearer(token(claimed=claims(jti="j"))), by=by) is None

    def test_two_issuers_may_use_the_same_nonce(self) -> None:
        by = verifier()
        sites = (tenant(), tenant(id="other", issuer="https://other.example.org"))

        told = [reason(bearer(token(claimed=claims(iss=s.issuer, jti="j"))), *sites, by=by) for s in sites]

        assert told == [None, None]


class TestWhatIsTold:
    def refusal(self, made: str) -> NotAuthenticatedError:
        with pytest.raises(NotAuthenticatedError) as raised:
            verifier().verify(made, PATH, [tenant()], None)
        return raised.value

    def test_the_message_tells_nothing(self) -> None:
        told = {
            str(self.refusal(made)) for made in ("", bearer(token()) + "x", bearer(token(by="ES384 other")))
        }

        assert told == {"Authentication is required."}

    def test_the_log_gets_the_claims_that_may_be_logged_and_no_other(self) -> None:
        made = claims(aud="x", jti="j", tenant="t", sub="s", patient="p")

        assert self.refusal(bearer(token(claimed=made))).detail == {
            "iss": ISSUER,
            "jti": "j",
            "kid": "ES384",
            "claimed_tenant": "t",
        }

    def test_what_is_logged_is_short_and_can_be_written(self) -> None:
        detail = self.refusal(
            bearer(token(claimed=claims(aud="x", jti="j" * 256, iss="\ud800" + ISSUER)))
        ).detail

        assert detail["iss"] == "?" + ISSUER
        assert len(detail["jti"]) == 200
        assert msgspec.json.encode(detail)

    def test_every_reason_has_its_sentence(self) -> None:
        assert all(why.says.endswith(".") for why in Reason)


@given(st.text())
@settings(deadline=None)
def test_no_header_makes_it_stumble(header_text: str) -> None:
    for authorization in (header_text, f"Bearer {header_text}"):
        assert isinstance(reason(authorization), Reason)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.sampled_from(["alg", "typ", "kid", "jku", "crit", "b64", "jwk"]), JSON)
@settings(deadline=None)
def test_no_value_in_the_header_makes_it_stumble(name: str, value: object) -> None:
    told = reason(bearer(token(header() | {name: value})))

    assert told is None or isinstance(told, Reason)


@given(st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "jti", "sub", "tenant"]), JSON)
@settings(deadline=None)
def test_no_value_of_a_claim_makes_it_stumble(name: str, value: object) -> None:
    told = reason(bearer(token(claimed=claims() | {name: value})), tenant(claim="t", subject="s"))

    assert isinstance(told, Reason)
