"""Reads one patient's record from a FHIR R4 server, in the shape of a prefetch.

The searches are those of the prefetch table, asked in parallel. Whatever comes is handed on through
the same seam as a prefetch: one raw Bundle a key, its pages joined.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self
from urllib.parse import urljoin, urlsplit

import msgspec
import requests

from cds_service.errors import InvalidRequestError, Problem
from cds_service.hooks import PATIENT_TOKEN

ACCEPT = "application/fhir+json, application/json;q=0.9"
CONNECT_S, READ_S = 5.0, 30.0
MAX_PAGES = 50  # of one search
MAX_PAGE_BYTES = 32 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
PARALLEL = 4


class _Link(msgspec.Struct, frozen=True):
    relation: str | None = None
    url: str | None = None


class _Page(msgspec.Struct, frozen=True):
    """What we read of a searchset."""

    resourceType: str | None = None  # noqa: N815 - as FHIR spells it
    entry: tuple[msgspec.Raw, ...] = ()
    link: tuple[_Link, ...] = ()


_PAGE = msgspec.json.Decoder(_Page)


class _NotFetched(Exception):  # noqa: N818 - not an error of the program: a search that failed
    """One request failed; the message is ours and names no URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A record as a prefetch, and the keys that could not be had."""

    prefetch: Mapping[str, msgspec.Raw]
    failures: Mapping[str, str]  # key: why, in our words


class FhirClient:
    """A session with one FHIR server; closes with its `with` block."""

    def __init__(self, base_url: str) -> None:
        """Talk to the server at `base_url`.

        Raises:
            InvalidRequestError: not an http or https URL.
        """
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidRequestError(
                Problem(code="value", text="the FHIR server must be an http or https URL")
            )
        self._base = base_url.rstrip("/") + "/"
        self._session = requests.Session()
        self._session.headers["Accept"] = ACCEPT
        self._session.trust_env = False  # no credentials of a ~/.netrc for a server typed by hand

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def fetch(self, templates: Mapping[str, str], patient_id: str) -> Fetched:
        """Read what the prefetch templates ask for.

        Args:
            templates: Prefetch key: relative read or search with the token of the patient's id.
            patient_id: A bare FHIR id.
        """
        with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
            paths = {key: path.replace(PATIENT_TOKEN, patient_id) for key, path in templates.items()}
            results = dict(zip(paths, pool.map(self._one, paths.values()), strict=True))
        return Fetched(
            prefetch={key: found for key, found in results.items() if isinstance(found, msgspec.Raw)},
            failures={key: found for key, found in results.items() if isinstance(found, str)},
        )

    def _one(self, path: str) -> msgspec.Raw | str:
        try:
            return self._search(path) if "?" in path else msgspec.Raw(self._get(self._base + path))
        except _NotFetched as failure:
            return str(failure)

    def _search(self, path: str) -> msgspec.Raw:
        """All pages as one Bundle; a page that could not be had stays behind as its `next` link."""
        url: str | None = self._base + path
        first = page = self._page(self._base + path)
        entries = list(first.entry)
        for _ in range(MAX_PAGES - 1):
            url = self._next(page)
            if url is None:
                break
            try:
                page = self._page(url)
            except _NotFetched:
                break
            entries += page.entry
        else:
            url = self._next(page)
        bundle: dict[str, object] = {"resourceType": "Bundle", "type": "searchset"}
        if entries:
            bundle["entry"] = entries
        if url is not None:
            bundle["link"] = [{"relation": "next", "url": url}]
        return msgspec.Raw(msgspec.json.encode(bundle))

    def _page(self, url: str) -> _Page:
        try:
            page = _PAGE.decode(self._get(url))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _NotFetched("the answer is not a FHIR Bundle in JSON") from error
        if page.resourceType != "Bundle":
            raise _NotFetched("the answer is not a Bundle")
        return page

    def _next(self, page: _Page) -> str | None:
        links = (link.url for link in page.link if link.relation == "next" and link.url)
        return next((urljoin(self._base, url) for url in links), None)

    def _get(self, url: str) -> bytes:
        if _origin(url) != _origin(self._base):  # a token must not go elsewhere, nor a patient id
            raise _NotFetched("a page is on another server")
        try:
            with self._session.get(
                url, timeout=(CONNECT_S, READ_S), stream=True, allow_redirects=False
            ) as response:
                if response.status_code != HTTPStatus.OK:
                    raise _NotFetched(f"the server answered {response.status_code}")
                return _body(response)
        except requests.Timeout as error:
            raise _NotFetched("the server did not answer in time") from error
        except requests.RequestException as error:
            raise _NotFetched(f"the server cannot be reached ({type(error).__name__})") from error


def _body(response: requests.Response) -> bytes:
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_content(CHUNK_BYTES):
        size += len(chunk)
        if size > MAX_PAGE_BYTES:
            raise _NotFetched(f"a page is larger than {MAX_PAGE_BYTES // 1024 // 1024} MB")
        chunks.append(chunk)
    return b"".join(chunks)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ("", None, None)
    return (parts.scheme, parts.hostname, port)
