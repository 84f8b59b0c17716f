"""What a URL of the tenants file must be; a fault is told without the URL, which may hold a password."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from cds_service.errors import SettingsError
from cds_service.fetching.reach import place_of
from cds_service.fetching.refusals import NotFetchedError
from cds_service.settings import Settings

SANDBOX = "sandbox.cds-hooks.org"  # its private key is published with its source
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")


def issuer_fault(text: str) -> str | None:
    """What is wrong with a value of the claim `iss`, a URI."""
    if not URI.fullmatch(text):
        return "must be a URI, spelled as the client sends it in `iss`, e.g. https://ehr.example.org"
    return sandbox_fault(text)


def jku_fault(text: str) -> str | None:
    """What is wrong with the URL of a JWK set."""
    fault = http_url_fault(text) or sandbox_fault(text)
    if fault is not None:
        return fault
    if urlsplit(text).scheme != "https" and not is_loopback(host_of(text)):
        return "must be https: whoever can change the keys on their way can sign as this client"
    return None


def fhir_base_fault(text: str) -> str | None:
    """What is wrong with a FHIR base URL."""
    fault = http_url_fault(text)
    if fault is not None:
        return fault
    if "?" in text:
        return "is a base URL: it must not have a query"
    return None


def http_url_fault(text: str) -> str | None:
    """What is wrong with an absolute http or https URL."""
    if not text.lower().startswith(("http://", "https://")):
        return "must be an absolute http or https URL"
    authority = text.split("/")[2]
    if "@" in authority:
        return "must not hold a user name or password"
    if "#" in text:
        return "must not have a fragment (#…)"
    try:
        place_of(text)  # those who call it have the last word
    except NotFetchedError:
        return (
            "is not a plainly spelled URL: it has another character, host, port or path than a URL may have"
        )
    return None


def check_addresses(settings: Settings) -> None:
    """Refuse URLs of the settings that could never be called.

    Raises:
        SettingsError: names the setting, never its value.
    """
    named = [("BACKPATH_PUBLIC_URL", settings.public_url)] if settings.public_url else []
    named += [("BACKPATH_FHIR_SERVERS", base) for base in settings.fhir_servers]
    for name, url in named:
        if fault := fhir_base_fault(url):
            raise SettingsError(f"{name} {fault}")


def sandbox_fault(text: str) -> str | None:
    """Whether a URL is the CDS Hooks Sandbox's, which anyone can sign for."""
    try:
        host = urlsplit(text).hostname or ""
    except ValueError:
        return None
    if host.rstrip(".") != SANDBOX:
        return None
    return (
        "is the CDS Hooks Sandbox, whose private key is public: anyone could sign as this client; "
        "it is known in development mode only"
    )


def host_of(url: str) -> str:
    """The host of a URL that has been checked."""
    return urlsplit(url).hostname or ""


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """This very machine."""
    address = address_of(host)
    return host == "localhost" if address is None else address.is_loopback
