"""What an access token permits: the scopes of SMART App Launch, version 1 and version 2.

Both are read, also side by side: CDS Hooks 2.0 sends those of version 1, 3.0 those of version 2. Beside
them stand Epic's own names of what an app may do (`Condition.Search (Problems) (R4)`, `CONDITION.READ`), and
its spelling `.Read`.

Source:
    https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
    https://hl7.org/fhir/smart-app-launch/1.0.0/scopes-and-launch-context/index.html
    https://fhir.epic.com/Documentation?docId=cds-hooks
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

from cds_service.fetching.lacks import Lack
from fhir_mappings.prefetch_keys import ASKED_FOR

Query = tuple[tuple[str, str], ...]  # parameters of a search; () asks for all there is
EVERYTHING: tuple[Query, ...] = ((),)
ANY_TYPE = "*"
MOST_PARTS = 4  # narrowed scopes of one type, each of which is a search of its own
VERSION_1 = {"read": "rs", "*": "rs", "write": ""}
_SCOPE = re.compile(
    r"(?:patient|user|system)/(\*|[A-Z][A-Za-z]*)\.((?i:read|write)|\*|c?r?u?d?s?)(?:\?(.+))?"
)
_EPIC_SCOPE = re.compile(r"(?:EPIC\.FHIR\.\w+\.SERVICES\.)?([A-Z]+)\.(READ|SEARCH)", re.IGNORECASE)
EPIC_RIGHTS = {"read": "r", "search": "s"}
KINDS = {kind.lower(): kind for kind in (*ASKED_FOR.values(), "Medication")}
_TOKEN = re.compile(r"[!-~]+")  # visible ASCII: what a header can carry as it is


@dataclass(frozen=True, slots=True)
class _Grant:
    kind: str  # resource type or ANY_TYPE
    rights: str  # "r", "s", both or neither
    query: Query = ()  # only what matches it


@dataclass(frozen=True, slots=True)
class Scopes:
    """The permissions of one token."""

    grants: tuple[_Grant, ...]

    @classmethod
    def of(cls, scope: str) -> Self:
        """Read `fhirAuthorization.scope`; what is no permission for resources is passed over."""
        return cls(tuple(grant for text in scope.split() for grant in _grants(text)))

    @classmethod
    def unlimited(cls) -> Self:
        """Where no token is asked for."""
        return cls((_Grant(ANY_TYPE, "rs"),))

    def may_read(self, kind: str) -> bool:
        """Whether any resource of this type may be read by its id.

        A right that is narrowed by a query does not count: whether it covers this one resource
        cannot be told beforehand.
        """
        return any("r" in grant.rights and not grant.query for grant in self._for(kind))

    def searches(self, kind: str) -> tuple[Query, ...]:
        """What a search for this type must be narrowed to, so that the token permits it.

        Returns:
            EVERYTHING: nothing. Else one search a query; () where no search is permitted.
        """
        queries = [grant.query for grant in self._for(kind) if "s" in grant.rights]
        if not all(queries):
            return EVERYTHING
        return tuple(dict.fromkeys(queries))[:MOST_PARTS]

    def _for(self, kind: str) -> tuple[_Grant, ...]:
        return tuple(grant for grant in self.grants if grant.kind in (kind, ANY_TYPE))


@dataclass(frozen=True, slots=True)
class Access:
    """How to ask: headers with the token, and what it permits. Lives as long as one call."""

    headers: Mapping[str, str] = field(repr=False)
    scopes: Scopes


def access_of(
    authorization: Mapping[str, Any] | None, patient_id: str, *, without_token: bool
) -> Access | Lack:
    """How the FHIR server may be asked, or why it may not.

    Args:
        authorization: `fhirAuthorization` as checked; None where none was sent.
        patient_id: The patient in context; a token that is for one patient must be for this one.
        without_token: Whether the server is called where no token was sent.
    """
    if authorization is None:
        return Access({}, Scopes.unlimited()) if without_token else Lack.NO_TOKEN
    token = str(authorization["access_token"])
    if str(authorization["token_type"]).lower() != "bearer" or not _TOKEN.fullmatch(token):
        return Lack.TOKEN_UNUSABLE
    if authorization["expires_in"] <= 0:
        return Lack.TOKEN_EXPIRED
    own = authorization.get("patient")
    if own and str(own).removeprefix("Patient/") != patient_id:
        return Lack.TOKEN_OF_ANOTHER_PATIENT
    return Access({"Authorization": f"Bearer {token}"}, Scopes.of(str(authorization["scope"])))


def _grants(text: str) -> tuple[_Grant, ...]:
    match = _SCOPE.fullmatch(text)
    if match is None:
        return _epic_grants(text)
    word = match[2].lower()
    kind, rights, narrowed = match[1], VERSION_1.get(word, word), match[3]
    query = _query(narrowed) if narrowed is not None else ()
    if query is None or (narrowed is not None and word in VERSION_1):  # version 1 knows no query
        return ()
    return (_Grant(kind, "".join(right for right in rights if right in "rs"), query),)


def _epic_grants(text: str) -> tuple[_Grant, ...]:
    """Epic's name of one interface; what follows in brackets ("(Problems)") the server minds itself."""
    match = _EPIC_SCOPE.fullmatch(text)
    kind = KINDS.get(match[1].lower()) if match else None
    return (_Grant(kind, EPIC_RIGHTS[match[2].lower()]),) if match and kind else ()


def _query(text: str) -> Query | None:
    """The parameters that narrow a scope; None where they cannot be added to a search of ours."""
    try:
        pairs = tuple(parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=8))
    except ValueError:
        return None
    return pairs if pairs and all(name and not name.startswith("_") for name, _ in pairs) else None
