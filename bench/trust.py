"""What it costs to know who calls: verification of a token and the replay check, CPU time a call.

`python -m bench.trust` measures this alone. The keys are cached and the nonces go into SQLite, as in a
worker; the difference is to a call that is let in without a token, in rounds of the same run that take turns.
"""

import io
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt import PyJWS, encode
from jwt.algorithms import AllowedPrivateKeys

from bench.report import Bar, machine, table
from bench.servers import PATIENT_VIEW
from cds_service.logs import log_to
from cds_service.store.opening import OK, open_store
from cds_service.tenants.model import Tenant
from cds_service.trust.keys import Keys
from cds_service.trust.verifying import Nonces, Verifier

LIMITS_MS = {"RS384": 0.3, "ES384": 0.6}
URL = "https://cds.example.org"
ISSUER = "https://ehr.example.org"
JKU = "https://ehr.example.org/jwks.json"
OPEN = Tenant(id="development", title="Development mode", development=True)
CLIENT = Tenant(id="clinic", title="Clinic", issuer=ISSUER, jku=JKU)
CALLS = 200  # of each kind in a round


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU milliseconds a call."""

    algorithm: str
    added_ms: float  # by verification and replay check
    signature_ms: float  # of that: the library's signature check alone


@dataclass(frozen=True, slots=True)
class Client:
    """Signs tokens, as an EHR does."""

    algorithm: str
    key: AllowedPrivateKeys

    def token(self) -> str:
        """A new one, with all that CDS Hooks asks for."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": URL + PATIENT_VIEW, "iat": now, "exp": now + 300}
        named = {"kid": self.algorithm, "jku": JKU}
        return encode(claims | {"jti": secrets.token_hex(16)}, self.key, self.algorithm, headers=named)

    def jwk(self) -> dict[str, object]:
        """Its public key, as published."""
        public = PyJWS().get_algorithm_by_name(self.algorithm).to_jwk(self.key.public_key(), as_dict=True)
        return {**public, "kid": self.algorithm, "alg": self.algorithm, "use": "sig"}


def clients() -> tuple[Client, ...]:
    """One for each algorithm that CDS Hooks recommends."""
    return (
        Client("RS384", rsa.generate_private_key(65537, 2048)),
        Client("ES384", ec.generate_private_key(ec.SECP384R1())),
    )


def trust_costs(rounds: int) -> tuple[Cost, ...]:
    """Measure on a store of its own.

    Raises:
        RuntimeError: the store was away, so not the whole check was measured.
    """
    with tempfile.TemporaryDirectory() as directory:
        store = open_store(f"sqlite:///{Path(directory) / 'store.db'}", log=log_to(io.StringIO()))
        costs = _costs(rounds, store.nonces)
        state = store.state
        store.close()
    if state != OK:
        raise RuntimeError("the store was away")
    return costs


def trust_bars(costs: Sequence[Cost]) -> tuple[Bar, ...]:
    """The limits."""
    return tuple(
        Bar(
            name=f"{cost.algorithm}: added by authentication, ms",
            value=cost.added_ms,
            limit=LIMITS_MS[cost.algorithm],
        )
        for cost in costs
    )


def trust_table(costs: Sequence[Cost]) -> str:
    """What was measured, in Markdown."""
    rows = [(cost.algorithm, f"{cost.added_ms:.3f}", f"{cost.signature_ms:.3f}") for cost in costs]
    told = "What a signed token adds to a call, CPU time with cached keys and the nonces in SQLite:"
    return "\n".join([told, "", *table(("token", "added, ms a call", "of it the signature"), rows, words=1)])


def _costs(rounds: int, nonces: Nonces) -> tuple[Cost, ...]:
    known = clients()
    published = msgspec.json.encode({"keys": [client.jwk() for client in known]})
    verifier = Verifier(Keys(lambda _: published), nonces, public_url=URL)
    taken: dict[str, list[tuple[float, float]]] = {client.algorithm: [] for client in known}
    for number in range(rounds + 1):
        for client in known:
            added, signature = _round(verifier, client)
            if number:  # the first warms up
                taken[client.algorithm].append((added, signature))
    return tuple(
        Cost(algorithm=name, added_ms=median(a for a, _ in both), signature_ms=median(s for _, s in both))
        for name, both in taken.items()
    )


def _round(verifier: Verifier, client: Client) -> tuple[float, float]:
    """What a call with a token costs above one without, and what the signature costs."""
    tokens = [client.token() for _ in range(CALLS)]
    algorithm, public = PyJWS().get_algorithm_by_name(client.algorithm), client.key.public_key()
    parts = [_parts(token) for token in tokens]
    with_token = _cpu_ms(lambda n: verifier.verify(f"Bearer {tokens[n]}", PATIENT_VIEW, [CLIENT], None))
    without = _cpu_ms(lambda _: verifier.verify(None, PATIENT_VIEW, [OPEN], URL))
    signature = _cpu_ms(lambda n: algorithm.verify(parts[n][0], public, parts[n][1]))
    return with_token - without, signature


def _parts(token: str) -> tuple[bytes, bytes]:
    decoded = PyJWS().decode_complete(token, options={"verify_signature": False})
    return token.rpartition(".")[0].encode(), decoded["signature"]


def _cpu_ms(call: Callable[[int], object]) -> float:
    """CPU milliseconds of the process, all its threads, for each of the calls."""
    before = time.process_time()
    for number in range(CALLS):
        call(number)
    return (time.process_time() - before) * 1000 / CALLS


def main() -> int:
    """Exit status 0 when both bars are met, 1 when one is missed."""
    costs = trust_costs(rounds=15)
    print(f"Measured on {machine()}.\n\n{trust_table(costs)}\n")
    for bar in trust_bars(costs):
        print(f"{bar.name}: {bar.value:.3f}, at most {bar.limit:g}: {'met' if bar.met else 'MISSED'}")
    return 0 if all(bar.met for bar in trust_bars(costs)) else 1


if __name__ == "__main__":
    sys.exit(main())
