"""Fetches JSON from servers that may be slow, broken or hostile: within a reach, a deadline and a size.

And sends it there, for the workbench alone: what a suggestion creates.
"""

import logging
import os
import ssl
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from importlib.metadata import version
from typing import Self, TypeVar

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from cds_service.fetching.addresses import Admission
from cds_service.fetching.answers import PIECE_BYTES, body_of
from cds_service.fetching.connecting import Adapter, Dialling, StaleConnectionError, Until, timed, tls_context
from cds_service.fetching.reach import Place, Reach
from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.fetching.resolving import Resolver, Resolving, system_resolver

__all__ = ["NotFetchedError", "Reach", "Web", "Why"]

MAX_REDIRECTS = 2
MAX_STALE = 2  # kept connections that turn out to be closed, until the server counts as unreachable
MAX_ADMISSIONS = 64  # whose connections are kept; a tenant with private networks has its own
MAX_HEADER = 16 * 1024  # characters of one value; common servers take 8 KB
T = TypeVar("T")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
FORM = "application/x-www-form-urlencoded"
FHIR_JSON = "application/fhir+json"
ALWAYS = {
    "Accept": "application/fhir+json, application/json;q=0.9",
    "Accept-Encoding": "gzip",
    "User-Agent": f"backpath/{version('backpath')}",
}
CREATED = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is sent, beside where to."""

    headers: Mapping[str, str]
    body: bytes | None = None  # none: it is a GET

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"


class _Line:
    """What one process has open. Sockets and locks do not outlive a fork."""

    def __init__(self, resolver: Resolver, tls: ssl.SSLContext) -> None:
        self._resolving = Resolving(resolver)
        self._tls = tls
        self._lock = threading.Lock()
        self._adapters: OrderedDict[Admission, Adapter] = OrderedDict()

    def adapter(self, admission: Admission) -> Adapter:
        """The connections to addresses that an admission admits; one tenant's are not another's."""
        with self._lock:
            found = self._adapters.get(admission)
            if found is None:
                found = Adapter(Dialling(self._resolving, admission), self._tls)
                self._adapters[admission] = found
                if len(self._adapters) > MAX_ADMISSIONS:
                    self._adapters.popitem(last=False)[1].close()
            self._adapters.move_to_end(admission)
            return found

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            while self._adapters:
                self._adapters.popitem()[1].close()


class Web:
    """One for each program; threads share it, and a forked process begins with connections of its own."""

    def __init__(self, resolver: Resolver = system_resolver, *, tls: ssl.SSLContext | None = None) -> None:
        """Look names up with `resolver`; trust the authorities of `tls` (None: the machine's)."""
        _silence()
        self._resolver = resolver
        self._tls = timed(tls or tls_context())
        self._lines: dict[int, _Line] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close this process's idle connections."""
        self._line().close()

    def get(
        self, url: str, *, headers: Mapping[str, str], reach: Reach, deadline: float, limit_bytes: int
    ) -> bytes:
        """The JSON object that a URL answers with status 200.

        Args:
            url: Within the reach.
            headers: Sent beside our own, to the origin of the URL alone: `Authorization`.
            reach: What may be called.
            deadline: Of `time.monotonic`, for the whole: look-up, TLS, redirects, the last byte.
            limit_bytes: The most that the answer may have, as sent and as unpacked.

        Returns:
            JSON text, valid and not too deep, without a byte order mark.

        Raises:
            NotFetchedError: why not; it and what it came from hold nothing of the request.
        """
        found = self._found(url, headers, reach, deadline, limit_bytes)
        if isinstance(found, Why):
            # raised here, where no other exception is being handled: those of libraries quote URL and
            # headers, and would hang on this one as its context
            raise NotFetchedError(found)
        return found

    def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str], reach: Reach, deadline: float
    ) -> str:
        """Send a FHIR resource to be created, once: no redirect is followed, and nothing is sent again.

        Args:
            url: Within the reach.
            body: JSON text.
            headers: As for `get`.
            reach: What may be called.
            deadline: Of `time.monotonic`, for the whole.

        Returns:
            Where it was created, as the server says (`Location`); "" where it does not.

        Raises:
            NotFetchedError: why not, as for `get`; after a time-out it may have been created all the same.
        """
        found = self._created(url, body, headers, reach, deadline)
        if isinstance(found, Why):
            raise NotFetchedError(found)  # here for the reason that `get` gives
        return found.location

    def submit(
        self,
        url: str,
        form: bytes,
        *,
        headers: Mapping[str, str],
        reach: Reach,
        deadline: float,
        limit_bytes: int,
    ) -> bytes:
        """The JSON object that a form is answered with, status 200; sent once, and no redirect is followed.

        Args:
            url: Within the reach.
            form: `application/x-www-form-urlencoded`.
            headers: As for `get`.
            reach: What may be called.
            deadline: Of `time.monotonic`, for the whole.
            limit_bytes: The most that the answer may have, as sent and as unpacked.

        Raises:
            NotFetchedError: why not, as for `get`.
        """
        found = self._submitted(url, form, headers, reach, deadline, limit_bytes)
        if isinstance(found, Why):
            raise NotFetchedError(found)  # here for the reason that `get` gives
        return found

    def _submitted(  # noqa: PLR0917 - what a request is made of
        self, url: str, form: bytes, headers: Mapping[str, str], reach: Reach, deadline: float, limit: int
    ) -> bytes | Why:
        def taken(response: requests.Response) -> bytes:
            if response.status_code == HTTPStatus.OK:
                return body_of(response, limit, deadline)
            is_redirect = response.status_code in REDIRECTS
            raise NotFetchedError(Why.REDIRECT if is_redirect else Why.of_status(response.status_code))

        try:
            question = _Question(headers=_headers({**headers, "Content-Type": FORM}), body=form)
            place = reach.place(url)
            adapter = self._line().adapter(reach.admission(place))
            return _exchanged(adapter, place, question, deadline, taken)
        except NotFetchedError as error:
            return error.why
        except StaleConnectionError:  # it may have been read before the connection was closed
            return Why.BROKEN

    def _created(
        self, url: str, body: bytes, headers: Mapping[str, str], reach: Reach, deadline: float
    ) -> "_Created | Why":
        try:
            question = _Question(headers=_headers({**headers, "Content-Type": FHIR_JSON}), body=body)
            place = reach.place(url)
            adapter = self._line().adapter(reach.admission(place))
            return _exchanged(adapter, place, question, deadline, _location)
        except NotFetchedError as error:
            return error.why
        except StaleConnectionError:  # it may have been read before the connection was closed
            return Why.BROKEN

    def _found(
        self, url: str, headers: Mapping[str, str], reach: Reach, deadline: float, limit: int
    ) -> bytes | Why:
        try:
            question = _Question(headers=_headers(headers))
            place = reach.place(url)
            for _ in range(MAX_REDIRECTS + 1):
                found = self._asked(place, question, reach, deadline, limit)
                if isinstance(found, bytes):
                    return found
                place = found
        except NotFetchedError as error:
            return error.why
        return Why.REDIRECT

    def _asked(
        self, place: Place, question: _Question, reach: Reach, deadline: float, limit: int
    ) -> bytes | Place:
        """The body, or where the answer refers to."""
        adapter = self._line().adapter(reach.admission(place))

        def taken(response: requests.Response) -> bytes | Place:
            if response.status_code == HTTPStatus.OK:
                return body_of(response, limit, deadline)
            return _referred(response, place, reach)

        for _ in range(MAX_STALE + 1):
            try:
                return _exchanged(adapter, place, question, deadline, taken)
            except StaleConnectionError:
                continue
        raise NotFetchedError(Why.UNREACHABLE)

    def _line(self) -> _Line:
        process = os.getpid()
        return self._lines.get(process) or self._lines.setdefault(process, _Line(self._resolver, self._tls))


@dataclass(frozen=True, slots=True)
class _Created:
    location: str


def _exchanged(
    adapter: Adapter,
    place: Place,
    question: _Question,
    deadline: float,
    take: Callable[[requests.Response], T],
) -> T:
    """What `take` makes of the answer.

    Raises:
        NotFetchedError: there is none that can be used.
        StaleConnectionError: the connection was closed before it answered.
    """
    try:
        with _sent(adapter, place, question, deadline) as response:
            return take(response)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        why = _why(error, deadline)
        _forget(error)
    except (HTTPException, OSError, ValueError) as error:  # what urllib3 passes on as it is
        why = _broken(deadline)
        _forget(error)
    raise NotFetchedError(why)


def _sent(adapter: Adapter, place: Place, question: _Question, deadline: float) -> requests.Response:
    """The head of the answer.

    The adapter is asked directly: a requests.Session reads the body of a redirect whole, whatever its
    size, even where it is told not to follow.
    """
    if time.monotonic() >= deadline:
        raise NotFetchedError(Why.TIMEOUT)
    request = requests.PreparedRequest()
    # set, not prepared: that would decode and encode the URL anew after it was checked
    request.method, request.url = question.method, place.url
    request.headers = CaseInsensitiveDict(question.headers)
    if question.body is not None:
        request.body = question.body
        request.headers["Content-Length"] = str(len(question.body))
    # requests hands a urllib3 time-out on as it is
    return adapter.send(request, stream=True, timeout=Until(deadline))  # type: ignore[arg-type]


def _location(response: requests.Response) -> _Created:
    _drain(response)
    if response.status_code in CREATED:
        return _Created(response.headers.get("Location", ""))
    raise NotFetchedError(Why.of_status(response.status_code))


def _referred(response: requests.Response, place: Place, reach: Reach) -> Place:
    location = response.headers.get("Location")
    if response.status_code in REDIRECTS and location:
        _drain(response)
        try:
            return reach.following(place, location)
        except NotFetchedError:
            raise NotFetchedError(Why.REDIRECT) from None
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        _drain(response)
    raise NotFetchedError(Why.of_status(response.status_code))


def _drain(response: requests.Response) -> None:
    """Read a small body whose length is known, so that the connection can serve again."""
    length = response.raw.length_remaining
    if length is not None and length <= PIECE_BYTES:
        try:
            response.raw.read(PIECE_BYTES, decode_content=False)
        except (urllib3.exceptions.HTTPError, HTTPException, OSError):
            return  # the status has said it all


def _headers(more: Mapping[str, str]) -> dict[str, str]:
    """Ours and the caller's.

    Raises:
        NotFetchedError: a value that would not be one line of ASCII on the wire, or that no server takes.
    """
    for value in more.values():
        if len(value) > MAX_HEADER or not (value.isascii() and value.isprintable()):
            raise NotFetchedError(Why.REFUSED_HEADER)
    return {**ALWAYS, **more}


def _why(error: Exception, deadline: float) -> Why:
    if isinstance(error, requests.exceptions.SSLError) and time.monotonic() < deadline:
        return Why.UNTRUSTED
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return Why.TIMEOUT
    return _broken(deadline)


def _broken(deadline: float) -> Why:
    """A failure near the deadline is the deadline's: how a library words it is chance."""
    return Why.TIMEOUT if time.monotonic() >= deadline - 0.001 else Why.BROKEN


def _forget(error: BaseException | None) -> None:
    """Empty the frames of a failure: with urllib3's they are cycles, and hold token and answer."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__


def _silence() -> None:
    """urllib3 logs URLs, with a patient's id in each, as warnings too."""
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("urllib3"):
            logging.getLogger(name).disabled = True
