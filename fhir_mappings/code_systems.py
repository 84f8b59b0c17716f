"""The code systems that our terminology uses: the names they are sent under, and what their codes look like.

FHIR names a system by URL; CDA-born data by OID, with or without `urn:oid:`
(https://hl7.org/fhir/R4/terminologies-systems.html).
"""

import re

import msgspec


class CodeSystem(msgspec.Struct, frozen=True):
    """One code system: our URL for it (that of the CSV files), its OID and its other names."""

    url: str
    oid: str | None
    looks: re.Pattern[str]  # the shape of its codes; another shape cannot be one of them
    also: tuple[str, ...] = ()
    starts: str | None = None  # any URL that starts so is this system


ICD_10_CM = CodeSystem(
    "http://hl7.org/fhir/sid/icd-10-cm",
    "2.16.840.1.113883.6.90",
    re.compile(r"[A-Za-z][0-9][0-9A-Za-z](\.?[0-9A-Za-z]{1,4})?"),
    (
        "http://hl7.org/fhir/sid/icd10-cm",
        "http://hl7.org/fhir/sid/icd-10cm",
        "http://hl7.org/fhir/sid/icd10cm",
        "http://hl7.org/fhir/ValueSet/icd-10-cm",
        "http://terminology.hl7.org/CodeSystem/icd-10-cm",
        "http://terminology.hl7.org/CodeSystem/icd10CM",
        "http://www.cms.gov/Medicare/Coding/ICD10CM",
    ),
)
SNOMED_CT = CodeSystem(
    "http://snomed.info/sct",
    "2.16.840.1.113883.6.96",
    re.compile(r"[1-9][0-9]{5,17}"),
    starts="http://snomed.info/sct/",  # an edition, e.g. that of the United States
)
LOINC = CodeSystem("http://loinc.org", "2.16.840.1.113883.6.1", re.compile(r"[0-9]{1,7}-[0-9]"))
RXNORM = CodeSystem(
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "2.16.840.1.113883.6.88",
    re.compile(r"[1-9][0-9]{0,7}"),
    (
        "http://nlm.nih.gov/research/umls/rxnorm",
        "http://rxnorm.info",
        "http://purl.bioontology.org/ontology/RXNORM",
    ),
)
CPT = CodeSystem(
    "http://www.ama-assn.org/go/cpt",
    "2.16.840.1.113883.6.12",
    re.compile(r"[0-9]{4}[0-9A-Za-z]"),
    (
        "http://ama-assn.org/go/cpt",
        "http://www.ama-assn.org/go/cpt-all",
        "http://terminology.hl7.org/CodeSystem/CPT",
    ),
)
HCPCS = CodeSystem(
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "2.16.840.1.113883.6.285",
    re.compile(r"[A-Za-z][0-9]{4}|[0-9]{4}[0-9A-Za-z]"),  # level I of HCPCS is CPT
    ("http://terminology.hl7.org/CodeSystem/HCPCS", "http://www.cms.gov/Medicare/Coding/HCPCS"),
)
ICD_10_PCS = CodeSystem(
    "http://www.cms.gov/Medicare/Coding/ICD10",
    "2.16.840.1.113883.6.4",
    re.compile(r"[0-9A-HJ-NP-Za-hj-np-z]{7}"),
    ("http://hl7.org/fhir/sid/icd-10-pcs", "http://terminology.hl7.org/CodeSystem/icd10PCS"),
)
DISCHARGE_DISPOSITION = CodeSystem(
    "http://terminology.hl7.org/CodeSystem/discharge-disposition",
    None,
    re.compile(r"[a-z-]+"),
    ("http://hl7.org/fhir/discharge-disposition",),
)
# ICD-10 of the WHO is another system: its codes are not read, but one that would be ours becomes a gap.
ICD_10_WHO = CodeSystem("http://hl7.org/fhir/sid/icd-10", "2.16.840.1.113883.6.3", re.compile(r"(?!)"))

CODE_SYSTEMS = (
    ICD_10_CM,
    SNOMED_CT,
    LOINC,
    RXNORM,
    CPT,
    HCPCS,
    ICD_10_PCS,
    DISCHARGE_DISPOSITION,
    ICD_10_WHO,
)
BY_URL = {system.url: system for system in CODE_SYSTEMS}
_URL_OF = {
    variant: system.url
    for system in CODE_SYSTEMS
    for name in (system.url, *system.also)
    for host in (name, name.replace("http://", "https://"))
    for variant in (host, f"{host}/", host.lower(), f"{host.lower()}/")
} | {
    variant: system.url
    for system in CODE_SYSTEMS
    if system.oid is not None
    for variant in (system.oid, f"urn:oid:{system.oid}", f"URN:OID:{system.oid}")
}
URL_OF = dict(_URL_OF)  # every name under which a system is known: our URL for it
_BY_START = tuple((system.starts, system.url) for system in CODE_SYSTEMS if system.starts)


def our_url(name: str) -> str | None:
    """Our URL for a system sent under `name`; None for a system that we do not know."""
    known = URL_OF.get(name)
    if known is not None:
        return known
    plain = name.strip().lower().replace("https://", "http://")
    for start, url in _BY_START:
        if plain.startswith(start):
            return url
    return URL_OF.get(plain)


def could_be(code: str, system_url: str) -> bool:
    """Whether a code has the shape of the codes of one of our systems."""
    return BY_URL[system_url].looks.fullmatch(code) is not None
