"""Why something of a record is missing although a FHIR server was named: our words for it."""

from enum import StrEnum

from cds_service.fetching.refusals import Why
from pathway.facts import DataGap


class Lack(StrEnum):
    """The reason, fit for a log."""

    # nothing may be asked
    SERVER_NOT_ALLOWED = "server-not-allowed"
    NO_TOKEN = "no-token"  # noqa: S105 - a reason, not a secret
    TOKEN_UNUSABLE = "token-unusable"  # noqa: S105
    TOKEN_EXPIRED = "token-expired"  # noqa: S105
    TOKEN_OF_ANOTHER_PATIENT = "token-of-another-patient"  # noqa: S105
    NO_SUCH_ID = "no-such-id"  # the patient id cannot stand in a URL
    # this may not be asked, or not all of it
    NOT_PERMITTED = "not-permitted"
    PERMITTED_IN_PART = "permitted-in-part"
    # it was asked for
    LATE = "late"
    REFUSED = "refused"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    UNUSABLE = "unusable"
    TOO_MUCH = "too-much"  # more pages or bytes than are read
    NEXT_PAGE = "next-page"  # it leads elsewhere, in circles, or nowhere


_BECAUSE = {
    Lack.SERVER_NOT_ALLOWED: "The FHIR server that was named may not be called",
    Lack.NO_TOKEN: "No access token was sent for the FHIR server",
    Lack.TOKEN_UNUSABLE: "The access token for the FHIR server cannot be used",
    Lack.TOKEN_EXPIRED: "The access token for the FHIR server has expired",
    Lack.TOKEN_OF_ANOTHER_PATIENT: "The access token for the FHIR server is for another patient",
    Lack.NO_SUCH_ID: "The FHIR server cannot be asked for this patient",
    Lack.NOT_PERMITTED: "The access token for the FHIR server does not permit reading it",
    Lack.PERMITTED_IN_PART: "The access token for the FHIR server permits reading a part only",
    Lack.LATE: "The FHIR server did not answer in time",
    Lack.REFUSED: "The FHIR server refused to answer",
    Lack.FAILED: "The FHIR server answered with an error",
    Lack.UNREACHABLE: "The FHIR server could not be reached",
    Lack.UNUSABLE: "The FHIR server's answer could not be used",
    Lack.TOO_MUCH: "The FHIR server has more of it than is read at once",
    Lack.NEXT_PAGE: "The FHIR server's next page could not be followed",
}
_HENCE = {  # by gap code
    "not-provided": "what it would tell was not seen",
    "incomplete": "there may be more in the record",
}
_OF_WHY = {
    Why.REFUSED_URL: Lack.SERVER_NOT_ALLOWED,
    Why.OTHER_ORIGIN: Lack.SERVER_NOT_ALLOWED,
    Why.REFUSED_ADDRESS: Lack.SERVER_NOT_ALLOWED,
    Why.REFUSED_HEADER: Lack.TOKEN_UNUSABLE,
    Why.UNREACHABLE: Lack.UNREACHABLE,
    Why.UNTRUSTED: Lack.UNREACHABLE,
    Why.TIMEOUT: Lack.LATE,
    Why.BROKEN: Lack.UNUSABLE,
    Why.REDIRECT: Lack.UNUSABLE,
    Why.STATUS_401: Lack.REFUSED,
    Why.STATUS_403: Lack.REFUSED,
    Why.STATUS_429: Lack.REFUSED,
    Why.EMPTY: Lack.UNUSABLE,
    Why.NOT_JSON: Lack.UNUSABLE,
    Why.TOO_LARGE: Lack.TOO_MUCH,
    Why.TOO_DEEP: Lack.UNUSABLE,
}


def lack_of(why: Why) -> Lack:
    """The reason in the words of a record; statuses without a word of their own are errors."""
    return _OF_WHY.get(why, Lack.FAILED)


def because(lack: Lack) -> str:
    """The reason as a clause."""
    return _BECAUSE[lack]


def gap_of(code: str, resource: str, lack: Lack) -> DataGap:
    """A gap `not-provided` or `incomplete` that says why."""
    return DataGap(code=code, resource=resource, text=f"{_BECAUSE[lack]}; {_HENCE[code]}.")
