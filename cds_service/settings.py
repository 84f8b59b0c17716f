"""All settings: environment variables BACKPATH_*, read once, typed and checked."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cds_service.errors import SettingsError

PREFIX = "BACKPATH_"
LEAST_DAYS_KEPT, MOST_DAYS_KEPT = 36, 36_500  # an answer may come 35 days late
# Kubernetes makes these for a Service called backpath
PASSED_OVER = ("BACKPATH_SERVICE_", "BACKPATH_PORT")


class Address(msgspec.Struct, frozen=True):
    """Where the service listens."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach it; a name other than localhost counts as reachable."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One value for each name of the contract's table; the default needs nothing set."""

    bind: Address = Address("127.0.0.1", 5000)
    workers: int = 2  # processes
    threads: int = 4  # of each process
    time_zone: ZoneInfo = ZoneInfo("UTC")  # gives the evaluation day
    max_body_mb: int = 16  # MiB of a request, also after unpacking
    allow_open: bool = False  # development mode may listen beyond loopback
    budget_ms: int = 400  # a call's whole time when data is fetched
    store: str | None = None  # SQLAlchemy URL; None: SQLite in ./backpath-data/
    public_url: str | None = None  # base URL that clients call
    tenants: Path | None = None  # TOML; None: development mode
    fhir_servers: tuple[str, ...] = ()  # FHIR bases beside loopback
    operator_token: str | None = None  # HTTP Basic password of user `operator`
    retention_days: int = 730  # for which calls and feedback are kept

    @property
    def max_body_bytes(self) -> int:
        """Limit of a body, as sent and as unpacked."""
        return self.max_body_mb * 1024 * 1024

    @property
    def mode(self) -> str:
        """The name of the mode, as /healthz tells it."""
        return "development" if self.tenants is None else "tenants"


def settings_from(environ: Mapping[str, str]) -> Settings:
    """The settings of `environ`; names without the prefix are not ours.

    Raises:
        SettingsError: a name is unknown, or a value cannot be used; the message lists what is
            allowed and never repeats a value, which may be a secret.
    """
    values: dict[str, Any] = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name.startswith(PASSED_OVER):
            continue
        if name not in READERS:
            raise SettingsError(f"unknown setting {name}; known settings: {', '.join(READERS)}")
        field, read = READERS[name]
        if environ[name].strip():  # empty is not set: `VAR=` in a compose file
            values[field] = read(name, environ[name].strip())
    return Settings(**values)


def checked(settings: Settings) -> Settings:
    """The settings, if a service may start with them.

    Raises:
        SettingsError: an open service would be reachable from outside.
    """
    if settings.tenants is None and not settings.bind.is_loopback and not settings.allow_open:
        raise SettingsError(
            f"{settings.bind.host} is not a loopback address, and in development mode anyone who reaches "
            "the service may call it; bind to 127.0.0.1, or set BACKPATH_ALLOW_OPEN=1 to allow it"
        )
    return settings


def address(name: str, text: str) -> Address:
    """HOST:PORT, IPv6 hosts in brackets."""
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    usable = host and (bracketed or ":" not in host)
    if not (colon and usable and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise SettingsError(f"{name} must be HOST:PORT, e.g. 127.0.0.1:5000 or [::1]:5000")
    return Address(host.strip("[]"), int(port))


def _number(low: int, high: int) -> Callable[[str, str], int]:
    def read(name: str, text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise SettingsError(f"{name} must be a whole number from {low} to {high}")
        return int(text)

    return read


def _zone(name: str, text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError) as error:
        raise SettingsError(f"{name} must be an IANA time zone, e.g. Europe/Berlin or UTC") from error


def _switch(name: str, text: str) -> bool:
    if text not in ("0", "1"):
        raise SettingsError(f"{name} must be 1 (yes) or 0 (no)")
    return text == "1"


def _http_url(name: str, text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise SettingsError(f"{name} must be an http or https URL")
    return text.rstrip("/")


def _http_urls(name: str, text: str) -> tuple[str, ...]:
    return tuple(_http_url(name, part.strip()) for part in text.split(",") if part.strip())


def _path(_: str, text: str) -> Path:
    return Path(text)


def _text(_: str, text: str) -> str:
    return text


READERS: dict[str, tuple[str, Callable[[str, str], object]]] = {
    "BACKPATH_BIND": ("bind", address),
    "BACKPATH_WORKERS": ("workers", _number(1, 256)),
    "BACKPATH_THREADS": ("threads", _number(1, 256)),
    "BACKPATH_TIME_ZONE": ("time_zone", _zone),
    "BACKPATH_MAX_BODY_MB": ("max_body_mb", _number(1, 1024)),
    "BACKPATH_BUDGET_MS": ("budget_ms", _number(1, 60_000)),
    "BACKPATH_STORE": ("store", _text),
    "BACKPATH_PUBLIC_URL": ("public_url", _http_url),
    "BACKPATH_TENANTS": ("tenants", _path),
    "BACKPATH_ALLOW_OPEN": ("allow_open", _switch),
    "BACKPATH_FHIR_SERVERS": ("fhir_servers", _http_urls),
    "BACKPATH_OPERATOR_TOKEN": ("operator_token", _text),
    "BACKPATH_RETENTION_DAYS": ("retention_days", _number(LEAST_DAYS_KEPT, MOST_DAYS_KEPT)),
}
