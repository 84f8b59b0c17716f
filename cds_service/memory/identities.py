"""Patients, users and encounters as keyed hashes: found again by the service, and by nobody without its key.

HMAC-SHA-256 (RFC 2104) with a key of the tenant's own. The tenant's id is hashed too: patients of two sites
stay apart even where both have one key file.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cds_service.logs import Log
from cds_service.memory.key_files import KEY_BYTES, keys_in, make_if_absent
from cds_service.store.location import DEFAULT_FILE, Location

FOLDER = "keys"  # beside the file of SQLite


@dataclass(frozen=True, slots=True)
class TenantIdentities:
    """The hashes of one tenant: by the current key, to be written; by all its keys, to be looked for."""

    tenant: str
    _keys: tuple[bytes, ...] = field(repr=False)  # newest first

    def patient(self, patient_id: str) -> bytes:
        """Of a bare FHIR id."""
        return self._newest("patient", patient_id)

    def all_patient(self, patient_id: str) -> tuple[bytes, ...]:
        """The same by each key, newest first."""
        return self._all("patient", patient_id)

    def user(self, user_id: str) -> bytes:
        """Of `Type/id`."""
        return self._newest("user", user_id)

    def all_user(self, user_id: str) -> tuple[bytes, ...]:
        """The same by each key, newest first."""
        return self._all("user", user_id)

    def encounter(self, encounter_id: str) -> bytes:
        """Of a bare FHIR id."""
        return self._newest("encounter", encounter_id)

    def all_encounter(self, encounter_id: str) -> tuple[bytes, ...]:
        """The same by each key, newest first."""
        return self._all("encounter", encounter_id)

    def fingerprint(self, facts: bytes) -> bytes:
        """Of the facts that led to a recommendation, however they were written down."""
        return self._newest("fingerprint", facts)

    def all_fingerprint(self, facts: bytes) -> tuple[bytes, ...]:
        """The same by each key, newest first."""
        return self._all("fingerprint", facts)

    def order_code(self, system: str, code: str) -> bytes:
        """Of the code of a draft order."""
        return self._newest("order-code", system, code)

    def all_order_code(self, system: str, code: str) -> tuple[bytes, ...]:
        """The same by each key, newest first."""
        return self._all("order-code", system, code)

    def secrets(self, purpose: str) -> tuple[bytes, ...]:
        """Further keys for another purpose, newest first, from which ours cannot be told (HKDF, RFC 5869)."""
        info = f"backpath {purpose} {self.tenant}".encode()
        return tuple(HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(key) for key in self._keys)

    def _newest(self, kind: str, *parts: str | bytes) -> bytes:
        return hmac.digest(self._keys[0], self._message(kind, parts), "sha256")

    def _all(self, kind: str, *parts: str | bytes) -> tuple[bytes, ...]:
        message = self._message(kind, parts)
        return tuple(hmac.digest(key, message, "sha256") for key in self._keys)

    def _message(self, kind: str, parts: Iterable[str | bytes]) -> bytes:
        return b"".join([_beginning(self.tenant, kind), *map(_coded, parts)])


def _coded(part: str | bytes) -> bytes:
    """The lengths keep apart what would read the same when joined."""
    coded = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
    return len(coded).to_bytes(8, "big") + coded


@lru_cache(maxsize=1024)
def _beginning(tenant: str, kind: str) -> bytes:
    return _coded(tenant) + _coded(kind)


class Identities:
    """The tenants' hashes; a key is made for a tenant that has none."""

    def __init__(self, folder: Path, log: Log) -> None:
        """Nothing is read yet: see `prepare`.

        Args:
            folder: Where keys are kept of tenants that name no file of their own: `folder_beside`.
            log: Told when a key is made.
        """
        self._folder = folder
        self._log = log
        self._by_tenant: Mapping[str, TenantIdentities] = {}

    def prepare(self, tenants: Mapping[str, Path | None]) -> None:
        """Read the keys of these tenants, and make those that are missing: at start and at each reload.

        Args:
            tenants: By id: the key file that a tenant names, which must be there; None: one is made.

        Raises:
            KeyFileError: a file is missing or not sound; the keys that were read before stay in force.
        """
        self._by_tenant = {name: self._read(name, named) for name, named in tenants.items()}

    def of(self, tenant_id: str) -> TenantIdentities:
        """The hashes of one tenant.

        Raises:
            KeyError: it was not prepared.
        """
        return self._by_tenant[tenant_id]

    def _read(self, tenant_id: str, named: Path | None) -> TenantIdentities:
        file = key_file(self._folder, tenant_id, named)
        if named is None and make_if_absent(file):
            # where there are several replicas, or an older history, this is a mistake that must be seen
            self._log.warning("key.made", tenant=tenant_id)
        return TenantIdentities(tenant_id, keys_in(file))


def key_file(folder: Path, tenant_id: str, named: Path | None) -> Path:
    """The key file of a tenant: the one that it names, else one in the folder."""
    return named if named is not None else folder / f"{tenant_id}.json"


def folder_beside(store: Location) -> Path:
    """Where keys are kept by default: beside SQLite's file; with a database server in ./backpath-data/."""
    return (store.file or DEFAULT_FILE.absolute()).parent / FOLDER
