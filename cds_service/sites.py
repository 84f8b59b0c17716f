"""Tenants made ready to answer: each with its decider, its services and its dialect."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from cards.dialects import Dialect, dialect
from cards.links import CardLinks
from cards.site_codes import SiteCode
from cards.wire import Answer
from cds_service.decision import Decider
from cds_service.errors import SettingsError
from cds_service.hooks import Discovery, HookService, services
from cds_service.launch.card_links import links_of
from cds_service.memory.identities import Identities
from cds_service.memory.settings import SiteMemory
from cds_service.settings import Settings
from cds_service.tenants.loading import load_tenants
from cds_service.tenants.model import OrderCode, SpecVersion, Tenant, development
from pathway.errors import KnowledgeError
from pathway.overrides import Override, overridden


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One tenant and what it takes to answer it."""

    tenant: Tenant
    decider: Decider
    services: Mapping[str, HookService]  # by id: those that it is offered
    discovery: bytes
    dialect: Dialect
    links: CardLinks
    memory: SiteMemory

    @classmethod
    def of(cls, tenant: Tenant, decider: Decider, settings: Settings) -> "Site":
        """Make a tenant ready.

        Raises:
            KnowledgeError: an order code names no proposal, or a setting of the memory no recommendation.
        """
        offered = {s.id: s for s in services(decider.rows) if s.id in tenant.services}
        return cls(
            tenant=tenant,
            decider=decider,
            services=offered,
            discovery=msgspec.json.encode(Discovery(tuple(offered.values()))),
            dialect=dialect(
                tenant.dialect,
                decider.knowledge,
                order_codes=tuple(map(_site_code, tenant.order_codes)),
                supports_3_0=tenant.cds_hooks is SpecVersion.V3_0,
            ),
            links=links_of(tenant, settings, decider.knowledge),
            memory=SiteMemory.of(tenant, decider.knowledge),
        )

    def service_of(self, hook: str) -> str:
        """The id of the service that is offered for a hook."""
        return next(service.id for service in self.services.values() if service.hook == hook)

    def today(self, clock: Callable[[], datetime]) -> date:
        """The evaluation day of this site."""
        return clock().astimezone(self.tenant.zone).date()

    def in_dialect(self, answer: Answer) -> Answer:
        """The answer as this site's client understands it, with a link on each card."""
        return self.links(self.dialect(answer))


@dataclass(slots=True)
class SiteMaker:
    """Reads the tenants file and makes its sites; keeps what does not differ between them."""

    settings: Settings
    packaged: Decider
    clock: Callable[[], datetime]
    identities: Identities | None = None  # None: nothing is to be answered, only checked
    _deciders: dict[tuple[tuple[Override, ...], str], Decider] = field(default_factory=dict)

    def sites(self) -> tuple[Site, ...]:
        """The sites in force: those of the tenants file or, without one, development mode.

        Raises:
            SettingsError: the file is faulty, or changes the knowledge as it must not be changed.
        """
        if self.settings.tenants is None:
            tenant = development(self.settings)
            made: tuple[Site, ...] = (Site.of(tenant, self.packaged, self.settings),)
            self._check_retention(made)
            self._prepare((tenant,))
            return made
        tenants = load_tenants(self.settings.tenants, self.settings)
        made = tuple(map(self._site, tenants))
        self._check_retention(made)
        kept = {(tenant.overrides, tenant.zone.key) for tenant in tenants}
        self._deciders = {key: decider for key, decider in self._deciders.items() if key in kept}
        self._prepare(tenants)
        return made

    def _prepare(self, tenants: Iterable[Tenant]) -> None:
        """Have the keys of the tenants' hashes at hand before their first call."""
        if self.identities is not None:
            named = {tenant.id: tenant.memory.key_file for tenant in tenants}
            self.identities.prepare({name: Path(file) if file else None for name, file in named.items()})

    def _site(self, tenant: Tenant) -> Site:
        self._check_dates(tenant)
        try:
            return Site.of(tenant, self._decider(tenant), self.settings)
        except KnowledgeError as error:
            raise SettingsError(f"tenants.{tenant.id}: {error}") from error

    def _decider(self, tenant: Tenant) -> Decider:
        """Tenants with the same changes and the same clock share one."""
        key = (tenant.overrides, tenant.zone.key)
        if key not in self._deciders:
            knowledge = overridden(self.packaged.knowledge, tenant.overrides, self.packaged.rows)
            self._deciders[key] = Decider.of(
                knowledge, self.packaged.rows, self.packaged.terminology, tenant.zone
            )
        return self._deciders[key]

    def _check_retention(self, sites: Iterable[Site]) -> None:
        for site in sites:
            if (why := site.memory.refused_by(self.settings.retention_days)) is not None:
                place = "" if site.tenant.development else f"tenants.{site.tenant.id}.memory: "
                raise SettingsError(f"{place}{why}")

    def _check_dates(self, tenant: Tenant) -> None:
        today = self.clock().astimezone(tenant.zone).date()
        for number, override in enumerate(tenant.overrides):
            if override.on > today:
                raise SettingsError(f"tenants.{tenant.id}.overrides[{number}].on: {override.on} is to come")


def _site_code(code: OrderCode) -> SiteCode:
    return SiteCode(proposal=code.proposal, system=code.system, code=code.code, display=code.display)


def made_ready(settings: Settings) -> tuple[Site, ...]:
    """The sites of a tenants file, as a start makes them.

    Raises:
        SettingsError: the file is faulty, or does not fit the knowledge.
    """
    decider = Decider.load(settings.time_zone)
    return SiteMaker(settings=settings, packaged=decider, clock=lambda: datetime.now(UTC)).sites()


def tenant_named(tenant_id: str, settings: Settings) -> Tenant:
    """One tenant of the file, as it is read.

    Raises:
        SettingsError: there is no tenants file, it is faulty, or has no such tenant.
    """
    if settings.tenants is None:
        raise SettingsError("--tenant needs a tenants file: set BACKPATH_TENANTS")
    tenants = {tenant.id: tenant for tenant in load_tenants(settings.tenants, settings)}
    if tenant_id not in tenants:
        raise SettingsError(f"no tenant {tenant_id!r}; known: {', '.join(sorted(tenants))}")
    return tenants[tenant_id]
