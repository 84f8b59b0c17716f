"""The part of docs/reference.md that is made: why a token is refused."""

from collections.abc import Iterable

from cds_service.trust.errors import Reason
from docs.markdown import table, with_part


def reference_page(page: str, reasons: Iterable[Reason] = Reason) -> str:
    """The page with its made part written again; the reasons in the order in which they are looked at."""
    rows = [(f"`{reason.value}`", reason.says) for reason in reasons]
    return with_part(page, "reasons", "\n".join(table(("reason", "meaning"), rows)))
