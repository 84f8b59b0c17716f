"""Every attack is refused for its own reason, and its neighbour is let in."""

import pytest

from cds_service.trust.errors import Reason
from tests.cds_service.trust.attacks import ATTACKS, Attack, listed
from tests.cds_service.trust.making import JKU, KeyServer, reason, verifier

ELSEWHERE = {  # reasons that need more than a token: tested where that is
    Reason.KEYS_NOT_FETCHED: "test_keys",
    Reason.AMBIGUOUS_TENANT: "test_verifying",
}


@pytest.fixture(scope="module")
def key_set() -> bytes:
    return listed()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused_for_its_reason_and_its_neighbour_let_in(attack: Attack, key_set: bytes) -> None:
    server = KeyServer({JKU: key_set})
    by = verifier(server)

    neighbour = reason(attack.accepted(), attack.tenant, by=by)
    told = reason(attack.refused(), attack.tenant, by=by)

    assert (neighbour, told) == (None, attack.reason)
    assert set(server.asked) <= {JKU}


def test_names_of_attacks_are_their_own() -> None:
    names = [attack.name for attack in ATTACKS]

    assert len(names) == len(set(names)) >= 50


def test_every_reason_is_tested() -> None:
    assert {attack.reason for attack in ATTACKS} | set(ELSEWHERE) == set(Reason)
