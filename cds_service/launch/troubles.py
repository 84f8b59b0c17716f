"""Why a launch came to no page: each reason with a status and with words for the person who launched."""

from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple


class Trouble(StrEnum):
    """The reason, fit for a log."""

    NO_SERVER = "no-server"
    UNKNOWN_SERVER = "unknown-server"
    NO_PUBLIC_URL = "no-public-url"
    SERVER_AWAY = "server-away"
    NOT_SMART = "not-smart"
    OTHER_ORIGIN = "other-origin"
    WRONG_STATE = "wrong-state"
    CONSENT_REFUSED = "consent-refused"
    ACCESS_REFUSED = "access-refused"
    CODE_REFUSED = "code-refused"
    TOKEN_UNUSABLE = "token-unusable"  # noqa: S105 - a reason, not a secret
    TOKEN_TOO_LARGE = "token-too-large"  # noqa: S105
    WRONG_IDENTITY = "wrong-identity"
    NO_PATIENT = "no-patient"
    ENDED = "ended"
    NOT_PERMITTED = "not-permitted"
    NO_RECORD = "no-record"
    TOO_MANY = "too-many"


class Words(NamedTuple):
    """What the page says."""

    status: HTTPStatus
    title: str
    what: str
    do: str


AGAIN = "Open it again from the patient's chart."
TELL = "Tell the person who looks after this service: the word below says what is wrong."

WORDS: dict[Trouble, Words] = {
    Trouble.NO_SERVER: Words(
        HTTPStatus.BAD_REQUEST,
        "This page is opened from a patient's chart",
        "The launch did not say from which FHIR server: the parameter iss is missing.",
        "Use the link on a card in the EHR.",
    ),
    Trouble.UNKNOWN_SERVER: Words(
        HTTPStatus.FORBIDDEN,
        "This FHIR server is not set up here",
        "The launch names a FHIR server that this service does not know as one with SMART App Launch.",
        TELL,
    ),
    Trouble.NO_PUBLIC_URL: Words(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "This service does not know its own address",
        "Without BACKPATH_PUBLIC_URL a launch works on this machine alone.",
        TELL,
    ),
    Trouble.SERVER_AWAY: Words(
        HTTPStatus.BAD_GATEWAY,
        "The EHR's server does not answer",
        "The FHIR server or the server that grants access to it did not answer in time, or failed.",
        "Try again in a few minutes. Cards in the EHR do not depend on this page.",
    ),
    Trouble.NOT_SMART: Words(
        HTTPStatus.BAD_GATEWAY,
        "This FHIR server does not offer SMART App Launch",
        "It does not say where access is granted (.well-known/smart-configuration).",
        TELL,
    ),
    Trouble.OTHER_ORIGIN: Words(
        HTTPStatus.FORBIDDEN,
        "Access would be granted by a server that is not known here",
        "The answer came from, or the FHIR server points to, an authorization server of another origin that "
        "is not listed for this site. Nothing was sent there.",
        TELL,
    ),
    Trouble.WRONG_STATE: Words(
        HTTPStatus.BAD_REQUEST,
        "This answer belongs to no launch of this browser",
        "It was used already, is more than ten minutes old, or was begun in another window or browser. "
        "A browser that keeps no cookies for this address cannot launch the page.",
        AGAIN,
    ),
    Trouble.CONSENT_REFUSED: Words(
        HTTPStatus.FORBIDDEN,
        "Access was not granted",
        "The request to read this patient's record was declined, so there is nothing to show.",
        f"{AGAIN} Cards in the EHR do not depend on this page.",
    ),
    Trouble.ACCESS_REFUSED: Words(
        HTTPStatus.FORBIDDEN,
        "The EHR refused the launch",
        "The server that grants access answered with an error.",
        TELL,
    ),
    Trouble.CODE_REFUSED: Words(
        HTTPStatus.BAD_REQUEST,
        "The EHR did not accept this launch",
        "The code of a launch can be used once and for a short time only; this one was used, or is too old.",
        AGAIN,
    ),
    Trouble.TOKEN_UNUSABLE: Words(
        HTTPStatus.BAD_GATEWAY,
        "The EHR's answer cannot be used",
        "What it granted is no access token that this service can use.",
        TELL,
    ),
    Trouble.TOKEN_TOO_LARGE: Words(
        HTTPStatus.BAD_GATEWAY,
        "The EHR's access token is too large",
        "It does not fit into the cookies that keep it for you.",
        TELL,
    ),
    Trouble.WRONG_IDENTITY: Words(
        HTTPStatus.FORBIDDEN,
        "The EHR's answer is not for this launch",
        "The proof of who is signed in is not for this application, not for this launch, or not signed as it "
        "must be.",
        AGAIN,
    ),
    Trouble.NO_PATIENT: Words(
        HTTPStatus.BAD_REQUEST,
        "No patient was chosen",
        "The EHR granted access without naming a patient.",
        "Open a patient's chart first, and this page from there.",
    ),
    Trouble.ENDED: Words(
        HTTPStatus.FORBIDDEN,
        "This view has ended",
        "Access to the record lasts as long as the EHR granted it, and then nothing is kept here.",
        AGAIN,
    ),
    Trouble.NOT_PERMITTED: Words(
        HTTPStatus.FORBIDDEN,
        "The record may not be read",
        "The access that was granted does not cover the patient and the conditions, without which nothing "
        "can be said.",
        f"{AGAIN} If the EHR asks what may be read, allow it.",
    ),
    Trouble.TOO_MANY: Words(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many pages are being opened at this site",
        "The service opens a limited number of these pages within a minute.",
        "Try again in a minute. Cards in the EHR do not depend on this page.",
    ),
    Trouble.NO_RECORD: Words(
        HTTPStatus.NOT_FOUND,
        "The patient's record was not found",
        "The FHIR server has no such patient, or did not answer for the conditions.",
        AGAIN,
    ),
}


class LaunchError(Exception):
    """A launch that comes to no page; the message is the reason alone, never a value."""

    def __init__(self, trouble: Trouble, tenant: str | None = None) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.tenant = tenant  # id, where it is known whose launch it is
