"""What a tenant is: data about one site, read from the tenants file and never changed by a call."""

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from cds_service.hooks import ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW
from cds_service.settings import Settings
from pathway.overrides import Override
from pathway.rules import LONGEST_QUIET_DAYS

DEVELOPMENT = "development"  # the one tenant of development mode
ALL_SERVICES = (PATIENT_VIEW, ORDER_SELECT, ORDER_SIGN)
MOST_CARDS = 100_000  # a day
Network: TypeAlias = IPv4Network | IPv6Network


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what the tenants file holds: immutable, and a misspelt name is an error."""


class DialectName(StrEnum):
    """How an EHR departs from the specification."""

    STANDARD = "standard"
    EPIC = "epic"
    ORACLE = "oracle"


class SpecVersion(StrEnum):
    """The newest CDS Hooks specification whose additions a client is known to understand."""

    V2_0 = "2.0"
    V3_0 = "3.0"


class OrderCode(Part, frozen=True, kw_only=True):
    """What one of our proposals is called at a site, e.g. an item of Epic's preference list."""

    proposal: str  # "rule/proposal", as `backpath knowledge show` prints it
    system: str
    code: str
    display: str | None = None


class QuietBy(StrEnum):
    """Whose answers quiet a card for a patient."""

    PATIENT = "patient"  # anyone's
    USER = "user"  # only the user's own


class CommentSetting(StrEnum):
    """What a site wants done with what users write beside an override."""

    OFF = "off"  # it is not kept
    ENCRYPTED = "encrypted"


Days = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_QUIET_DAYS)]
Cards = Annotated[int, msgspec.Meta(ge=1, le=MOST_CARDS)]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class Memory(Part, frozen=True, kw_only=True):
    """How a site goes quiet, and whom it shows cards at all; `cds_service.memory.settings` checks the ids."""

    quiet_by: QuietBy = QuietBy.PATIENT
    quiet: dict[str, Days] = {}  # by answer: "accepted" or an override reason
    quiet_for: dict[str, dict[str, Days]] = {}  # by recommendation or guard, then by answer
    once_per_encounter: bool = False
    cards_per_user: Cards | None = None  # a day; None: no cap
    cards_per_patient: Cards | None = None
    shadow: bool | tuple[str, ...] = False  # true: nothing is shown; or ids of what is not
    rollout_percent: Percent = 100  # of the patients
    rollout: dict[str, Percent] = {}  # by recommendation or guard, instead
    comments: CommentSetting = CommentSetting.OFF
    key_file: str | None = None  # of the keyed hashes; replicas share one. None: made beside the store


STANDARD_SCOPES = "launch openid fhirUser patient/*.rs"
DEVELOPMENT_CLIENT = "backpath"  # as which development mode asks for access; sandboxes take any name


class Smart(Part, frozen=True, kw_only=True):
    """How the pathway page is launched at a site (SMART App Launch 2); docs/smart.md."""

    client_id: str
    client_secret_file: str | None = None  # None: a public client, proved by PKCE alone
    scopes: str = STANDARD_SCOPES  # of a launch from the EHR; without one `launch` becomes `launch/patient`
    fhir_servers: tuple[str, ...] = ()  # those of the tenant that are SMART-enabled; (): all
    authorization_servers: tuple[str, ...] = ()  # where endpoints may stand beside the FHIR server's origin


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """One site, checked; made by `cds_service.tenants.loading`, or by `development`."""

    id: str
    title: str
    # Trust. Development mode has no issuer, asks for no token, and lets a request name the day.
    development: bool = False
    issuer: str | None = None  # claim `iss`
    jku: str | None = None  # URL of the client's JWK set; None: `jwks` is all there is
    jwks: tuple[dict[str, str], ...] = ()  # public keys exchanged out of band, as JWKs
    audiences: tuple[str, ...] = ()  # values of `aud` accepted beside the URL that was called
    subject: str | None = None  # claim `sub`, where the site sends one
    claim: str | None = None  # claim `tenant`
    # The client's FHIR server
    fhir_servers: tuple[str, ...] = ()  # base URLs that may be called, without trailing slash
    fhir_networks: tuple[Network, ...] = ()  # private networks in which they may stand
    fhir_without_token: bool = False  # a `fhirServer` without `fhirAuthorization` may be called
    # What is offered
    services: tuple[str, ...] = ALL_SERVICES  # service ids
    requests_per_minute: int | None = None  # None: no limit
    zone: ZoneInfo = ZoneInfo("UTC")
    # Peculiarities
    dialect: DialectName = DialectName.STANDARD
    cds_hooks: SpecVersion = SpecVersion.V2_0
    trigger_actions: tuple[str, ...] = ()  # Epic: triggers of patient-view that are answered; (): all
    order_codes: tuple[OrderCode, ...] = ()
    overrides: tuple[Override, ...] = ()
    # What is remembered and shown again
    memory: Memory = Memory()
    # The pathway page
    smart: Smart | None = None  # None: its FHIR servers are not SMART-enabled


def development(settings: Settings) -> Tenant:
    """The tenant of development mode: everyone who reaches the service."""
    return Tenant(
        id=DEVELOPMENT,
        title="Development mode",
        development=True,
        fhir_servers=settings.fhir_servers,
        fhir_without_token=True,
        zone=settings.time_zone,
        smart=Smart(client_id=DEVELOPMENT_CLIENT),
    )
