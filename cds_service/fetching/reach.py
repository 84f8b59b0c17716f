"""Which URLs may be called: those within a base that an operator listed, spelled plainly.

A URL that only an unusual reading would allow is refused, not repaired: what was checked, what is
dialled and what the server understands must be one thing.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urljoin

from cds_service.fetching.addresses import LOOPBACK, OWN, Admission, Network
from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.tenants.model import Tenant

PORTS = {"http": 80, "https": 443}
MAX_URL = 8192  # characters; a FHIR server's `next` link is some hundred

_PLAIN = re.compile(r"[!-\[\]-~]+")  # printable ASCII without the backslash that browsers read as /
_URL = re.compile(r"(?i:(https?))://([^/?#@]+)(/[^?#]*)?(?:\?([^#]*))?")  # no user, no fragment
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z._-]+))(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[0-9a-z_](?:[0-9a-z_-]{0,61}[0-9a-z_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a host that ends so is an IPv4 address to somebody
# Encoded dot, slash, backslash, percent sign and control characters: nothing a FHIR path has, and
# what a server behind a proxy may decode once more than we do
_ENCODED = re.compile(r"%(?:2[eEfF5]|5[cC]|[01]|7[fF]|(?![0-9A-Fa-f]{2}))")


@dataclass(frozen=True, slots=True)
class Place:
    """A URL in its parts, normalised."""

    scheme: str
    host: str  # lower case; IPv6 without brackets
    port: int
    path: str  # "/" at least
    query: str | None

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port."""
        return (self.scheme, self.host, self.port)

    @property
    def url(self) -> str:
        """The URL as it is sent."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"

    @property
    def target(self) -> str:
        """Path and query."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def is_loopback(self) -> bool:
        """The host says that it is this machine; where the name really leads is checked at the dial."""
        return self.host == "localhost" or Admission(LOOPBACK, public=False).admits(self.host)

    def is_within(self, base: "Place") -> bool:
        """The same origin, and below the base's path or that path itself."""
        root = base.path.rstrip("/")
        return self.origin == base.origin and (self.path == root or self.path.startswith(f"{root}/"))


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be called."""

    bases: tuple[str, ...] = ()  # URLs; what lies below them may be called
    networks: tuple[Network, ...] = ()  # where the hosts may stand, beside public addresses
    loopback: bool = False  # this machine may be called whatever port and path
    clear: bool = False  # public addresses may be called without TLS too, where anyone can read the token

    def admission(self, place: Place) -> Admission:
        """The same for the addresses of a place."""
        return Admission(self._networks, public=self.clear or place.scheme == "https")

    def place(self, url: str) -> Place:
        """The URL, if it may be called as far as its spelling tells.

        Raises:
            NotFetchedError: it is not spelled plainly, or lies outside.
        """
        place = place_of(url)
        if not (self.loopback and place.is_loopback) and not any(
            place.is_within(_base(base)) for base in self.bases
        ):
            raise NotFetchedError(Why.OTHER_ORIGIN)
        return place

    def following(self, place: Place, link: str) -> Place:
        """Where a link of an answer from `place` leads: a redirect, or a bundle's next page.

        Raises:
            NotFetchedError: to another origin, or outside.
        """
        if len(link) > MAX_URL or not _PLAIN.fullmatch(link):
            raise NotFetchedError(Why.REFUSED_URL)
        try:
            target = urljoin(place.url, link)
        except ValueError:
            raise NotFetchedError(Why.REFUSED_URL) from None
        following = self.place(target)
        if following.origin != place.origin:
            raise NotFetchedError(Why.OTHER_ORIGIN)
        return following

    def within(self, base: str) -> "Reach":
        """The part of this reach below one base, for a call that names its FHIR server.

        Raises:
            NotFetchedError: the base is outside.
        """
        place = self.place(base)
        if place.query is not None:
            raise NotFetchedError(Why.REFUSED_URL)
        return replace(self, bases=(place.url.rstrip("/"),), networks=self._networks, loopback=False)

    @property
    def _networks(self) -> tuple[Network, ...]:
        return (*self.networks, *LOOPBACK) if self.loopback else self.networks


def reach_of(tenant: Tenant) -> Reach:
    """What may be called for a tenant.

    In development mode the operator and the machine's owner are one: loopback, and the bases of
    BACKPATH_FHIR_SERVERS wherever these stand. A tenant's servers are public, by https, or in its
    networks.
    """
    if tenant.development:
        return Reach(tenant.fhir_servers, OWN, loopback=True, clear=True)
    return Reach(tenant.fhir_servers, tenant.fhir_networks)


def own_server(base: str) -> Reach:
    """What `backpath try` may call: the one server that its user typed."""
    return Reach((base,), OWN, clear=True)


def place_of(url: str) -> Place:
    """A URL in its parts.

    Raises:
        NotFetchedError: not http or https, or not spelled plainly: user, fragment, backslash,
            blanks, characters beyond ASCII, dot segments, an IP address in another form than
            four decimal numbers or RFC 4291.
    """
    match = _URL.fullmatch(url) if len(url) <= MAX_URL and _PLAIN.fullmatch(url) else None
    authority = _AUTHORITY.fullmatch(match[2]) if match else None
    if match is None or authority is None:
        raise NotFetchedError(Why.REFUSED_URL)
    scheme = match[1].lower()
    port = int(authority[3]) if authority[3] else PORTS[scheme]
    host = _ipv6(authority[1]) if authority[1] else _name(authority[2].lower())
    path = match[3] or "/"
    if not 0 < port < 65536 or not _is_plain_path(path):
        raise NotFetchedError(Why.REFUSED_URL)
    return Place(scheme, host, port, path, match[4])


@lru_cache(maxsize=1024)
def _base(base: str) -> Place:
    return place_of(base)


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError:
        raise NotFetchedError(Why.REFUSED_URL) from None


def _name(text: str) -> str:
    """A host name, or an IPv4 address in its one form."""
    labels = text.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(text))
        except ValueError:
            raise NotFetchedError(Why.REFUSED_URL) from None
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise NotFetchedError(Why.REFUSED_URL)
    return text


def is_ip(host: str) -> bool:
    """Whether a place's host is an address, so that nobody need be asked for it."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_plain_path(path: str) -> bool:
    """No segment that some server reads as a step upward, also with a parameter: `..;a`."""
    if "%" in path and _ENCODED.search(path):
        return False
    return "/." not in path or all(
        segment.partition(";")[0] not in (".", "..") for segment in path.split("/")
    )
