"""What was fetched, put beside what the prefetch brought, with a gap for what did not come."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from cds_service.fetching.lacks import Lack, gap_of
from cds_service.fetching.wants import INCOMPLETE
from fhir_mappings.gaps import settled
from fhir_mappings.gathering import NEXT_LINK, Gathered, joined
from pathway.facts import DataGap


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What became of one thing that was wanted."""

    kinds: tuple[str, ...]
    whole: bool  # all of the type was asked for, whatever came before; else what follows a Bundle
    pages: tuple[Gathered, ...] = ()
    lack: Lack | None = None  # why not all of it came


def completed_with(first: Gathered, came: Sequence[Came], missing: Collection[str]) -> Gathered:
    """The chart with the pages that came.

    Args:
        first: What came with the call.
        came: What was fetched.
        missing: The types of which nothing had come.

    Returns:
        Where all of a type came in the end, nothing says any more that it is incomplete.
    """
    pages = [page for one in came for page in one.pages]
    whole = {kind for one in came if one.whole for kind in one.kinds}
    followed = {kind for one in came if not one.whole for kind in one.kinds}
    kept = [gap for gap in first.gaps if not _is_superseded(gap, whole, followed)]
    of_pages = [gap for page in pages for gap in page.gaps if gap.element != NEXT_LINK]
    told = [gap for one in came for gap in _lacking(one, missing)]
    return msgspec.structs.replace(
        joined((first, *pages)), gaps=settled((*kept, *of_pages, *told)), unfinished=()
    )


def _is_superseded(gap: DataGap, whole: Collection[str], followed: Collection[str]) -> bool:
    """What a prefetch said of a type that was asked for since; what is still missing is said anew."""
    if gap.code != INCOMPLETE:
        return False
    return gap.resource in whole or (gap.resource in followed and gap.element == NEXT_LINK)


def _lacking(one: Came, missing: Collection[str]) -> Iterator[DataGap]:
    if one.lack is not None:
        for kind in one.kinds:
            nothing = kind in missing and not one.pages
            yield gap_of("not-provided" if nothing else INCOMPLETE, kind, one.lack)
