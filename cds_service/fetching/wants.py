"""What a chart still lacks and a FHIR server could give."""

from collections.abc import Iterable
from dataclasses import dataclass

from cds_service.fetching.searches import is_usable_id
from fhir_mappings.gathering import NEXT_LINK, Gathered, Unfinished
from fhir_mappings.prefetch_keys import ASKED_FOR
from fhir_mappings.references import local
from fhir_mappings.resources import Medication, MedicationRequest

TABLE = frozenset(ASKED_FOR.values())  # the types of the prefetch table
INCOMPLETE = "incomplete"
MOST_MEDICATIONS = 120  # that are looked up in one call


@dataclass(frozen=True, slots=True, kw_only=True)
class Wants:
    """What to ask for."""

    missing: frozenset[str]  # types that came from nowhere
    partial: frozenset[str]  # types of which a part came, with nothing to go on from
    unfinished: tuple[Unfinished, ...]  # Bundles to go on with

    def __bool__(self) -> bool:
        """Something is wanted."""
        return bool(self.missing or self.partial or self.unfinished)


def wants_of(gathered: Gathered) -> Wants:
    """What a prefetch lacks of the table's types."""
    missing = gathered.not_provided()
    gaps = [gap for gap in gathered.gaps if gap.code == INCOMPLETE]
    going_on = [bundle for bundle in gathered.unfinished if bundle.next is not None and bundle.kinds]
    followed = {kind for bundle in going_on for kind in bundle.kinds}
    partial = {
        gap.resource
        for gap in gaps
        if gap.resource in TABLE and not (gap.element == NEXT_LINK and gap.resource in followed)
    }
    whole = missing | partial
    return Wants(
        missing=missing,
        partial=frozenset(partial) - missing,
        unfinished=tuple(bundle for bundle in going_on if not whole.issuperset(bundle.kinds)),
    )


def medications_wanted(parts: Iterable[Gathered], base: str) -> list[str]:
    """Ids of the Medications that drug orders point at, which are not in hand and have no name.

    Only those of the server at `base`: a reference elsewhere is not followed.
    """
    parts = tuple(parts)
    requests = [request for part in parts for request in part.of(MedicationRequest)]
    named = (r for r in requests if r.medication_codeable_concept is None and r.medication_reference)
    references = [r.medication_reference for r in named if r.medication_reference is not None]
    wanted = [r.reference for r in references if r.reference and not r.display]
    if not wanted:
        return []
    urls = {url for part in parts for url in part.by_url(Medication)}
    in_hand = {medication.id for part in parts for medication in part.of(Medication)}
    ids = (_medication_id(reference, base) for reference in wanted if reference not in urls)
    return sorted({own_id for own_id in ids if own_id is not None} - in_hand)[:MOST_MEDICATIONS]


def _medication_id(reference: str, base: str) -> str | None:
    """The id that a relative reference, or one below the base, names."""
    relative = reference.removeprefix(f"{base}/")
    kind, _, own_id = local(relative, "", {}).partition("/")
    is_here = "://" not in relative and not relative.startswith(("#", "urn:"))
    return own_id if is_here and kind == "Medication" and is_usable_id(own_id) else None
