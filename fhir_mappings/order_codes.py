"""The code of a draft order, by which the same order is known again.

Source: https://hl7.org/fhir/R4/servicerequest.html, https://hl7.org/fhir/R4/medicationrequest.html
"""

from collections.abc import Iterator, Mapping

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
TEXT = "text"  # in the place of a system: the order has words and no code
REFERENCE = "reference"  # … or names a Medication


def order_code(order: Mapping[str, object]) -> tuple[str, str] | None:
    """System and code of what is ordered.

    Of a drug the RxNorm code, else what sorts first, so that the order of codings does not matter.

    Args:
        order: A draft as the client sent it, of whatever shape.

    Returns:
        Without a code the text, and without that the Medication that is named; None where there is nothing.
    """
    concepts = list(_concepts(order))
    codes = sorted({code for concept in concepts for code in _codes(concept)})
    if codes:
        return next((code for code in codes if code[0] == RXNORM), codes[0])
    texts = (concept.get("text") for concept in concepts)
    text = next((text for text in texts if isinstance(text, str) and text.strip()), None)
    if text is not None:
        return TEXT, " ".join(text.split()).lower()
    reference = _reference(order)
    return None if reference is None else (REFERENCE, reference)


def _concepts(order: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """What is ordered, also where the Medication is contained."""
    for element in ("medicationCodeableConcept", "code"):
        concept = order.get(element)
        if isinstance(concept, dict):
            yield concept
    reference, contained = _reference(order), order.get("contained")
    if reference is None or not isinstance(contained, list):
        return
    for resource in contained:
        if isinstance(resource, dict) and f"#{resource.get('id')}" == reference:
            concept = resource.get("code")
            if isinstance(concept, dict):
                yield concept


def _codes(concept: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    codings = concept.get("coding")
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict):
            system, code = coding.get("system", ""), coding.get("code")
            if isinstance(system, str) and isinstance(code, str) and code:
                yield system, code


def _reference(order: Mapping[str, object]) -> str | None:
    named = order.get("medicationReference")
    reference = named.get("reference") if isinstance(named, dict) else None
    return reference if isinstance(reference, str) and reference else None
