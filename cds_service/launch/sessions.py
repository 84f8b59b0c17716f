"""What lasts between two requests of a launch: sealed in cookies of the browser, nothing on our side.

A cookie is sent to one path alone and names one launch in its own name and in its seal, so that the
charts of two patients in two windows are never mixed up. Several workers, and several machines that share
the tenant's key file, open each other's cookies.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from typing import TypedDict, TypeVar

import msgspec
from flask import Response, request

from cds_service.launch.places import PATH, PATHWAY, path_prefix
from cds_service.launch.sealing import PURPOSE, Seal
from cds_service.launch.troubles import LaunchError, Trouble
from cds_service.memory.identities import Identities

PENDING_S = 600  # within which a launch must come back
MOST_PENDING = 4  # launches of one browser that wait for their answer
MOST_CHARACTERS = 3800  # of a cookie's value: browsers keep 4096 bytes with name and attributes
MOST_PARTS = 2  # cookies of one session: servers take 8 kB of them
ID_CHARACTERS = 24
PENDING, SESSION = "backpath-launch", "backpath-pathway"


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A launch that has sent the browser away to be granted access."""

    tenant: str
    base: str  # of the FHIR server
    state: str
    nonce: str
    verifier: str  # of PKCE
    redirect_uri: str
    scope: str
    ends: int  # seconds since 1970

    def __repr__(self) -> str:
        return f"Pending(tenant={self.tenant!r})"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Access to one patient's record, for as long as it was granted."""

    tenant: str
    base: str
    patient: str
    token: str
    scope: str
    ends: int  # seconds since 1970
    focus: tuple[str, ...] = ()  # recommendations of the card that led here

    def __repr__(self) -> str:
        return f"Session(tenant={self.tenant!r})"


T = TypeVar("T", Pending, Session)


class Cookies:
    """Puts launches and sessions into answers, and takes them out of requests."""

    def __init__(
        self, identities: Identities, tenants: Callable[[], Iterable[str]], clock: Callable[[], datetime]
    ) -> None:
        """Seal by keys of the tenants in force, whose ids `tenants` gives."""
        self._identities = identities
        self._tenants = tenants
        self._clock = clock

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self._clock().timestamp())

    def keep_pending(self, response: Response, pending: Pending, base: str) -> None:
        """Let the browser keep a launch until it comes back; with too many of them, the others go."""
        waiting = [name for name in request.cookies if name.startswith(f"{PENDING}-")]
        if len(waiting) >= MOST_PENDING:
            for name in waiting:
                _delete(response, name, PATH, base)
        name = _pending_name(pending.state)
        value = self._sealed(pending, name)
        _set(response, name, value, path=PATH, base=base, seconds=PENDING_S)

    def pending(self, state: str) -> Pending:
        """The launch that an answer with this state belongs to.

        Raises:
            LaunchError: none that this browser has begun, lately.
        """
        name = _pending_name(state)
        found = self._opened(request.cookies.get(name, ""), name, Pending)
        if found is None or found.state != state or found.ends <= self.now():
            raise LaunchError(Trouble.WRONG_STATE)
        return found

    def drop_pending(self, response: Response, state: str, base: str) -> None:
        """An answer serves once."""
        _delete(response, _pending_name(state), PATH, base)

    def keep_session(self, response: Response, session: Session, own_id: str, base: str) -> None:
        """Let the browser keep access to one record.

        Raises:
            LaunchError: the token is larger than cookies can hold.
        """
        name = f"{SESSION}-{own_id}"
        value = self._sealed(session, name)
        parts = [value[at : at + MOST_CHARACTERS] for at in range(0, len(value), MOST_CHARACTERS)]
        if len(parts) > MOST_PARTS:
            raise LaunchError(Trouble.TOKEN_TOO_LARGE, session.tenant)
        seconds = max(0, session.ends - self.now())
        for number, part in enumerate(parts):
            _set(response, _part(name, number), part, path=f"{PATHWAY}/{own_id}", base=base, seconds=seconds)

    def session(self, own_id: str) -> Session:
        """The access of this browser that a page's address names.

        Raises:
            LaunchError: there is none, or it has ended.
        """
        name = f"{SESSION}-{own_id}"
        whole = "".join(request.cookies.get(_part(name, number), "") for number in range(MOST_PARTS))
        found = self._opened(whole, name, Session)
        if found is None or found.ends <= self.now():
            raise LaunchError(Trouble.ENDED)
        return found

    def drop_session(self, response: Response, own_id: str, base: str) -> None:
        """Let the browser forget access."""
        for number in range(MOST_PARTS):
            _delete(response, _part(f"{SESSION}-{own_id}", number), f"{PATHWAY}/{own_id}", base)

    def _sealed(self, content: Pending | Session, name: str) -> str:
        box = self._seal(content.tenant).sealed(msgspec.json.encode(content), name)
        return f"{content.tenant}.{box}"

    def _opened(self, value: str, name: str, kind: type[T]) -> T | None:
        tenant, _, box = value.partition(".")
        if tenant not in set(self._tenants()):
            return None
        content = self._seal(tenant).opened(box, name)
        if content is None:
            return None
        try:
            found = msgspec.json.decode(content, type=kind)
        except msgspec.DecodeError:  # sealed by another release
            return None
        return found if found.tenant == tenant else None

    def _seal(self, tenant: str) -> Seal:
        return Seal(self._identities.of(tenant).secrets(PURPOSE))


def _pending_name(state: str) -> str:
    return f"{PENDING}-{sha256(state.encode('utf-8', 'replace')).hexdigest()[:ID_CHARACTERS]}"


def _part(name: str, number: int) -> str:
    return name if number == 0 else f"{name}-{number + 1}"


def _set(response: Response, name: str, value: str, *, path: str, base: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, **_flags(path, base))


def _delete(response: Response, name: str, path: str, base: str) -> None:
    response.delete_cookie(name, **_flags(path, base))


class _Flags(TypedDict):
    path: str
    secure: bool
    httponly: bool
    samesite: str


def _flags(path: str, base: str) -> _Flags:
    """Lax: the browser comes back from the authorization server, which is another site."""
    return {
        "path": f"{path_prefix(base)}{path}",
        "secure": base.startswith("https://"),
        "httponly": True,
        "samesite": "Lax",
    }
