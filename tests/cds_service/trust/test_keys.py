"""How long keys are kept, when they are fetched again, and whom a fetch holds up."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.tenants.model import Tenant
from cds_service.trust.errors import Reason
from cds_service.trust.jwk import Key
from cds_service.trust.keys import Keys
from tests.cds_service.trust.making import (
    JKU,
    KeyServer,
    bearer,
    header,
    jwk,
    key_set,
    reason,
    tenant,
    token,
    verifier,
)

OLD, NEW = jwk("ES384 old", "old"), jwk("ES384 new", "new")


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Failing(KeyServer):
    """A key server that can be switched off; `None` for a set: not reachable."""

    def __init__(self, document: bytes | None) -> None:
        super().__init__({})
        self.document = document

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if self.document is None:
            raise NotFetchedError(Why.UNREACHABLE)
        return self.document


class Kept:
    """Keys over a key server and a clock, all of which the test moves."""

    def __init__(self, document: bytes | None) -> None:
        self.clock = Clock()
        self.server = Failing(document)
        self.told: list[tuple[str, str]] = []
        self.keys = Keys(self.server, clock=self.clock, told=lambda jku, why: self.told.append((jku, why)))

    def find(self, kid: str, after_s: float = 0, client: Tenant | None = None) -> str:
        """ "key", or why there is none."""
        self.clock.seconds += after_s
        found = self.keys.find(client or tenant(), kid, "ES384")
        return "key" if isinstance(found, Key) else found


class TestCaching:
    def test_keys_are_fetched_once_in_their_lifetime(self) -> None:
        kept = Kept(key_set(OLD))

        found = [kept.find("old", after_s=s) for s in (0, 1, 590)]

        assert (found, len(kept.server.asked)) == (["key"] * 3, 1)

    def test_after_their_lifetime_they_are_fetched_again(self) -> None:
        kept = Kept(key_set(OLD))

        assert [kept.find("old"), kept.find("old", after_s=600)] == ["key", "key"]
        assert len(kept.server.asked) == 2

    def test_each_jku_has_its_own(self) -> None:
        kept = Kept(key_set(OLD))

        for jku in (JKU, "https://other.example.org/jwks.json"):
            kept.find("old", client=tenant(jku=jku))

        assert kept.server.asked == [JKU, "https://other.example.org/jwks.json"]

    def test_a_key_is_read_once(self) -> None:
        keys = Keys(KeyServer({JKU: key_set(OLD)}))
        inline = tenant(jku=None, jwks=(NEW,))

        assert keys.find(tenant(), "old", "ES384") is keys.find(tenant(), "old", "ES384")
        assert keys.find(inline, "new", "ES384") is keys.find(inline, "new", "ES384")


class TestRotation:
    def test_a_new_kid_is_fetched(self) -> None:
        kept = Kept(key_set(OLD))
        kept.find("old")
        kept.server.document = key_set(OLD, NEW)

        assert kept.find("new", after_s=30) == "key"

    def test_unknown_kids_cause_one_fetch_in_thirty_seconds(self) -> None:
        kept = Kept(key_set(OLD))

        found = [kept.find(f"guess-{n}", after_s=1) for n in range(90)]

        assert set(found) == {Reason.UNKNOWN_KEY}
        assert len(kept.server.asked) == 3

    def test_a_removed_kid_is_refused_after_the_lifetime(self) -> None:
        kept = Kept(key_set(OLD, NEW))
        kept.find("old")
        kept.server.document = key_set(NEW)

        assert [kept.find("old", after_s=599), kept.find("old", after_s=1)] == ["key", Reason.UNKNOWN_KEY]

    def test_a_refetch_for_another_kid_removes_it_too(self) -> None:
        kept = Kept(key_set(OLD))
        kept.find("old")
        kept.server.document = key_set(NEW)

        assert [kept.find("new", after_s=30), kept.find("old")] == ["key", Reason.UNKNOWN_KEY]

    def test_an_empty_set_withdraws_all_keys(self) -> None:
        kept = Kept(key_set(OLD))
        kept.find("old")
        kept.server.document = key_set()

        assert kept.find("old", after_s=600) == Reason.UNKNOWN_KEY


class TestOutage:
    def test_keys_serve_on_for_a_day(self) -> None:
        kept = Kept(key_set(OLD))
        kept.find("old")
        kept.server.document = None

        assert [kept.find("old", after_s=s) for s in (600, 85_799, 1)] == [
            "key",
            "key",
            Reason.KEYS_NOT_FETCHED,
        ]

    def test_it_is_asked_again_every_thirty_seconds(self) -> None:
        kept = Kept(key_set(OLD))
        kept.find("old")
        kept.server.document = None

        for _ in range(91):
            kept.find("old", after_s=10)

        assert len(kept.server.asked) == 1 + 11  # from the end of the lifetime on

    def test_a_client_whose_keys_were_never_had_waits_five(self) -> None:
        kept = Kept(None)
        first = [kept.find("old"), kept.find("old", after_s=4.9)]
        kept.server.document = key_set(OLD)

        assert [*first, kept.find("old", after_s=0.1)] == [
            Reason.KEYS_NOT_FETCHED,
            Reason.KEYS_NOT_FETCHED,
            "key",
        ]
        assert len(kept.server.asked) == 2

    @pytest.mark.parametrize(
        "document",
        [b"", b"<html>", b"[]", b"{}", b'{"keys": {}}', b'{"keys": null}', b"\xff", b"[" * 100_000],
    )
    def test_an_answer_that_is_no_key_set_is_an_outage(self, document: bytes) -> None:
        kept = Kept(key_set(OLD))
        kept.find("old")
        kept.server.document = document

        assert kept.find("old", after_s=600) == "key"
        assert kept.told == [(JKU, "no-key-set")]

    def test_the_operator_is_told_why(self) -> None:
        kept = Kept(None)

        kept.find("old")

        assert kept.told == [(JKU, "unreachable")]

    def test_a_client_is_refused_for_it(self) -> None:
        assert reason(bearer(token()), by=verifier(Failing(None))) is Reason.KEYS_NOT_FETCHED


class TestOddSets:
    ODD: tuple[object, ...] = (
        1,
        None,
        [],
        {},
        {"kid": "no-type"},
        {"kty": 1, "kid": "type-a-number"},
        {"kty": "EC", "kid": 1},
        {"kty": "EC", "kid": "no-curve"},
        {"kty": "EC", "kid": "short", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "EC", "kid": "no-base64", "crv": "P-384", "x": "é", "y": "é"},
        {"kty": "RSA", "kid": "no-modulus", "e": "AQAB"},
        {"kty": "RSA", "kid": "huge", "n": "_" * 100_000, "e": "AQAB"},
        {"kty": "RSA", "kid": "zero", "n": "AA", "e": "AQAB"},
        {"kty": "RSA", "kid": "exponent", "n": jwk("RS384")["n"], "e": "_" * 1000},
        {"kty": "OKP", "kid": "x25519", "crv": "X25519", "x": "A" * 43},
        {"kty": "OKP", "kid": "short-ed", "crv": "Ed25519", "x": "AA"},
        {"kty": "oct", "kid": "secret", "k": "AA"},
        {"kty": "AKP", "kid": "ml-dsa", "alg": "ML-DSA-65", "pub": "AA"},
        {**OLD, "kid": None},
        {**OLD, "kid": ""},
        {**OLD, "kid": "k" * 300},
    )

    def test_what_cannot_be_used_is_skipped(self) -> None:
        kept = Kept(key_set(*self.ODD, OLD))

        assert kept.find("old") == "key"

    @pytest.mark.parametrize(
        "odd", [k for k in ODD if isinstance(k, dict) and k.get("kid") in ("zero", "secret")]
    )
    def test_it_is_told_from_an_unknown_one(self, odd: dict[str, object]) -> None:
        assert Kept(key_set(odd)).find(str(odd["kid"])) == Reason.UNUSABLE_KEY

    def test_one_kid_may_name_keys_of_several_types(self) -> None:
        both = key_set(jwk("RS384", "key"), jwk("ES384", "key"))
        by = verifier(KeyServer({JKU: both}))

        told = [reason(bearer(token(header(alg, kid="key"), by=alg)), by=by) for alg in ("RS384", "ES384")]

        assert told == [None, None]

    def test_unknown_members_are_passed_over(self) -> None:
        assert Kept(key_set({**OLD, "x5c": ["MIIB"], "ext": True})).find("old") == "key"


class TestTheTenantsOwnKeys:
    def test_they_serve_without_a_jku(self) -> None:
        kept = Kept(None)

        found = [kept.find(kid, client=tenant(jku=None, jwks=(OLD,))) for kid in ("old", "new")]

        assert (found, kept.server.asked) == (["key", Reason.UNKNOWN_KEY], [])

    def test_they_go_before_those_of_the_jku(self) -> None:
        kept = Kept(key_set(NEW))

        found = [kept.find(kid, client=tenant(jwks=(OLD,))) for kid in ("old", "new")]

        assert (found, len(kept.server.asked)) == (["key", "key"], 1)


class Slow(KeyServer):
    """A key server that answers when the test lets it."""

    def __init__(self, document: bytes) -> None:
        super().__init__({JKU: document, "other": document})
        self.let = threading.Event()
        self.asked_now = threading.Event()

    def __call__(self, url: str) -> bytes:
        self.asked_now.set()
        if url == JKU:
            assert self.let.wait(10)
        return super().__call__(url)


class TestThreads:
    def test_concurrent_callers_share_one_fetch(self) -> None:
        server = Slow(key_set(OLD))
        keys = Keys(server)

        with ThreadPoolExecutor(8) as pool:
            calls = [pool.submit(keys.find, tenant(), "old", "ES384") for _ in range(8)]
            server.asked_now.wait(10)
            server.let.set()
            found = [call.result(10) for call in calls]

        assert all(isinstance(key, Key) for key in found)
        assert server.asked == [JKU]

    def test_a_fetch_does_not_hold_up_other_clients(self) -> None:
        server = Slow(key_set(OLD))
        keys = Keys(server)

        with ThreadPoolExecutor(1) as pool:
            fetching = pool.submit(keys.find, tenant(), "old", "ES384")
            server.asked_now.wait(10)
            other = keys.find(tenant(jku="other"), "old", "ES384")
            inline = keys.find(tenant(jku=None, jwks=(OLD,)), "old", "ES384")
            was_fetching = not fetching.done()
            server.let.set()

        assert was_fetching
        assert isinstance(other, Key)
        assert isinstance(inline, Key)

    @pytest.mark.parametrize(("kid", "after_s"), [("new", 30.0), ("old", 600.0)])
    def test_who_has_a_key_does_not_wait_for_another_callers_fetch(self, kid: str, after_s: float) -> None:
        clock, server = Clock(), Slow(key_set(OLD))
        keys = Keys(server, clock=clock, patience_s=10)
        server.let.set()
        keys.find(tenant(), "old", "ES384")
        server.let.clear()
        server.asked_now.clear()
        clock.seconds += after_s

        with ThreadPoolExecutor(1) as pool:
            fetching = pool.submit(keys.find, tenant(), kid, "ES384")
            server.asked_now.wait(10)
            at_once = keys.find(tenant(), "old", "ES384")
            was_fetching = not fetching.done()
            server.let.set()

        assert was_fetching
        assert isinstance(at_once, Key)

    def test_who_has_a_key_is_not_held_up_by_a_key_server_that_hangs(self) -> None:
        clock, server = Clock(), Slow(key_set(OLD))
        keys = Keys(server, clock=clock)
        server.let.set()
        keys.find(tenant(), "old", "ES384")
        server.let.clear()
        clock.seconds += 600

        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(keys.find, tenant(), "old", "ES384").result(5)
            was_hanging = not server.let.is_set() and server.asked_now.is_set()
            server.let.set()

        assert was_hanging
        assert isinstance(found, Key)

    def test_what_comes_too_late_for_one_call_serves_the_next(self) -> None:
        clock, server = Clock(), Slow(key_set(OLD))
        keys = Keys(server, clock=clock)
        server.let.set()
        keys.find(tenant(), "old", "ES384")
        server.let.clear()
        server.sets[JKU] = key_set(NEW)
        clock.seconds += 600

        at_first = keys.find(tenant(), "old", "ES384")
        server.let.set()
        next(thread for thread in threading.enumerate() if thread.name == "keys").join(10)
        then = keys.find(tenant(), "old", "ES384")

        assert isinstance(at_first, Key)
        assert then is Reason.UNKNOWN_KEY
