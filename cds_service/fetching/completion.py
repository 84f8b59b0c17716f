"""Completes a chart: what the prefetch lacks is read from the client's FHIR server, within one deadline."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from cds_service.envelope import HookRequest
from cds_service.fetching.asking import Asked, Asker, awaited
from cds_service.fetching.lacks import Lack, gap_of
from cds_service.fetching.merging import completed_with
from cds_service.fetching.paging import Limits, Reader, Server
from cds_service.fetching.pool import Pool
from cds_service.fetching.refusals import Why
from cds_service.fetching.scopes import access_of
from cds_service.fetching.searches import Questions, is_usable_id, server_of
from cds_service.fetching.wants import Wants, medications_wanted, wants_of
from cds_service.tenants.model import Tenant
from fhir_mappings.gathering import Gathered

DRUG_ORDERS = "MedicationRequest"  # which point at Medications


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A chart, and what was still not to be had, by resource type."""

    gathered: Gathered
    lacks: Mapping[str, Lack] = field(default_factory=dict)
    whys: Mapping[str, Why] = field(default_factory=dict)  # more precisely, where a request failed


class Completer:
    """Reads what is missing. One for each process; keeps nothing between calls."""

    def __init__(
        self,
        reader: Reader,
        templates: Mapping[str, str],
        *,
        limits: Limits | None = None,
        pool: Pool | None = None,
    ) -> None:
        """Make ready.

        Args:
            reader: Reads URLs, guarded.
            templates: The prefetch templates by key.
            limits: How much is read.
            pool: Where requests wait.
        """
        self._reader = reader
        self._limits = limits or Limits()
        self._questions = Questions(templates, self._limits.count)
        self._pool = pool or Pool()

    def completed(self, gathered: Gathered, asked: HookRequest, tenant: Tenant, deadline: float) -> Gathered:
        """The chart with what could be had of what it lacks.

        Args:
            gathered: What came with the call.
            asked: The call: patient, FHIR server and access token.
            tenant: Which servers may be called.
            deadline: On `time.monotonic`; what has not come by then is a gap.

        Returns:
            The same chart where nothing is missing, or no server is named. Data gaps name what
            could not be had, and why.
        """
        return self.completion(gathered, asked, tenant, deadline).gathered

    def completion(
        self, gathered: Gathered, asked: HookRequest, tenant: Tenant, deadline: float
    ) -> Completion:
        """The same, with the reasons by type."""
        if asked.fhir_server is None:
            return Completion(gathered=gathered)
        wants = wants_of(gathered)
        if not wants and not medications_wanted((gathered,), asked.fhir_server.rstrip("/")):
            return Completion(gathered=gathered)
        asker = self._asker(asked.fhir_server, asked, tenant, deadline)
        if isinstance(asker, Lack):
            return _not_asked(gathered, wants, asker)
        return self._asked(gathered, wants, asker)

    def _asker(self, fhir_server: str, asked: HookRequest, tenant: Tenant, deadline: float) -> Asker | Lack:
        """What may be asked, or why nothing may."""
        allowed = server_of(fhir_server, tenant)
        if isinstance(allowed, Lack):
            return allowed
        if not is_usable_id(asked.patient_id):
            return Lack.NO_SUCH_ID
        authorization, without = asked.fhir_authorization, tenant.fhir_without_token
        access = access_of(authorization, asked.patient_id, without_token=without)
        if isinstance(access, Lack):
            return access
        base, reach = allowed
        server = Server(
            reader=self._reader, base=base, reach=reach, headers=access.headers, deadline=deadline
        )
        return Asker(server, access.scopes, self._questions, asked.patient_id, self._limits)

    def _asked(self, gathered: Gathered, wants: Wants, asker: Asker) -> Completion:
        """Ask everything at once, then for the drugs that orders only point at; take what came."""
        questions = asker.questions(wants)
        drug_orders = [one for one in questions if DRUG_ORDERS in one.kinds]

        def about_drugs() -> list[Asked]:
            in_hand = [gathered, *(page for one in drug_orders for page in one.came().pages)]
            return asker.about_medications(medications_wanted(in_hand, asker.server.base))

        asked = awaited(
            questions, first=drug_orders, then=about_drugs, pool=self._pool, deadline=asker.server.deadline
        )
        came = [one.came() for one in asked]
        return Completion(
            gathered=completed_with(gathered, came, wants.missing),
            lacks={kind: one.lack for one in came if one.lack is not None for kind in one.kinds},
            whys={kind: why for one in asked for kind, why in one.whys()},
        )


def _not_asked(gathered: Gathered, wants: Wants, lack: Lack) -> Completion:
    """The chart as it came; what it lacks altogether says why nobody was asked."""
    told = [gap_of("not-provided", kind, lack) for kind in sorted(wants.missing)]
    lacks = dict.fromkeys(sorted(wants.missing | wants.partial), lack)
    return Completion(gathered=msgspec.structs.replace(gathered, gaps=(*gathered.gaps, *told)), lacks=lacks)
