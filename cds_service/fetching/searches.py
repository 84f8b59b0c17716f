"""The questions to a FHIR server: those of the prefetch table, about one patient.

What is fetched is asked for as the prefetch asks for it, so that the answer is the same either way:
observations by their codes, orders while they are active, a large page. No search is narrowed by
date: a FHIR server leaves resources without a date out of such a search, and what is undated the
cards must name (R3, gap `missing-date`). All by GET, in the spelling of the table.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlencode

from cds_service.fetching.lacks import Lack
from cds_service.fetching.reach import Reach, place_of, reach_of
from cds_service.fetching.refusals import NotFetchedError
from cds_service.fetching.scopes import Query
from cds_service.hooks import PATIENT_TOKEN
from cds_service.schemas import FHIR_ID
from cds_service.tenants.model import Tenant

IDS = 40  # Medications that one search asks for: some 2,600 characters of ids at most


class Questions:
    """What may be asked of a server, by resource type."""

    def __init__(self, templates: Mapping[str, str], count: int) -> None:
        """Make ready.

        Args:
            templates: The prefetch templates: a read or a search each, with the token of the patient's id.
            count: Resources a page that are asked for; servers give fewer where they see fit.
        """
        self._count = count
        self._by_kind = {
            template.partition("?")[0].partition("/")[0]: template for template in templates.values()
        }

    def read(self, kind: str, patient_id: str) -> str:
        """The path of a template that reads: "Patient/p1"."""
        return self._by_kind[kind].replace(PATIENT_TOKEN, quote(patient_id, safe=""))

    def search(self, kind: str, patient_id: str, narrowed: Query = ()) -> str:
        """The path of a template that searches, narrowed further by `narrowed`."""
        parameters = self._by_kind[kind].partition("?")[2]
        asked = [(name, value.replace(PATIENT_TOKEN, patient_id)) for name, value in parse_qsl(parameters)]
        return self._path(kind, (*asked, *narrowed))

    def medications(self, ids: Iterable[str], narrowed: Query = ()) -> str:
        """The path of a search for Medications by id."""
        return self._path("Medication", (("_id", ",".join(ids)), *narrowed))

    def _path(self, kind: str, parameters: Query) -> str:
        """Commas stay as they are: not every server reads %2C as the comma between alternatives."""
        asked = (*parameters, ("_count", str(self._count)))
        return f"{kind}?{urlencode(asked, safe=',', quote_via=quote)}"


def is_usable_id(text: str) -> bool:
    """A FHIR id that is no step in a path: "." and ".." match the specification's pattern too."""
    return FHIR_ID.fullmatch(text) is not None and text.strip(".") != ""


def server_of(fhir_server: str, tenant: Tenant) -> tuple[str, Reach] | Lack:
    """The base URL that is called, and what may be called with it: that base alone.

    It must be one of the tenant's, but for a slash at the end; in development mode also any on loopback.
    """
    try:
        place = place_of(fhir_server)
        base = place.url.rstrip("/")
        listed = {place_of(own).url.rstrip("/") for own in tenant.fhir_servers}
        if base in listed or (tenant.development and place.is_loopback):
            return base, reach_of(tenant).within(base)
    except NotFetchedError:
        pass
    return Lack.SERVER_NOT_ALLOWED
