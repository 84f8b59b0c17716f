"""FHIR references, brought to one form: "Type/id".

A reference comes relative, absolute, with a version, as the fullUrl of a Bundle entry
(`urn:uuid:...`), or as a bare id (https://hl7.org/fhir/R4/references.html).
"""

from collections.abc import Mapping

URN = "urn:uuid:"


def local(reference: str, kind: str, by_url: Mapping[str, str]) -> str:
    """The reference as "Type/id".

    Args:
        reference: As sent.
        kind: The type it points at when it names none (a URN or a bare id).
        by_url: "Type/id" of the entries that came with a fullUrl.

    Returns:
        "Type/id"; "#id" for a contained resource.
    """
    if reference in by_url:
        return by_url[reference]
    if reference.startswith("#"):
        return reference
    path = reference.partition("/_history/")[0].rstrip("/")
    if path.startswith(URN):
        return f"{kind}/{path.removeprefix(URN)}"
    if "/" not in path:
        return f"{kind}/{path}"
    return "/".join(path.rsplit("/", 2)[-2:])
