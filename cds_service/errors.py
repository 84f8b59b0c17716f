"""Failures of the service: their statuses, and the one body they all have, an OperationOutcome."""

import traceback
from http import HTTPStatus
from pathlib import Path

import msgspec

from cds_service.trust.errors import NotAuthenticatedError
from pathway.errors import KnowledgeError, PathwayError


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong: which element, and what was expected there; never a value."""

    code: str  # FHIR issue type
    text: str
    element: str | None = None  # e.g. "context.patientId"


class InvalidRequestError(PathwayError):
    """The request cannot be read or is ill-formed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = problems


class MissingDataError(PathwayError):
    """Indispensable data is neither in the prefetch nor to be had."""


class UnknownServiceError(PathwayError):
    """There is no service of that id."""


class TooLargeError(PathwayError):
    """The body, as sent or unpacked, is over the limit."""


class UnsupportedMediaTypeError(PathwayError):
    """The body declares a type or an encoding that is not read."""


class TooManyRequestsError(PathwayError):
    """A site asks more often than its tenant says it may."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("Too many requests.")
        self.wait_s = wait_s  # seconds until the next request is let in


class SettingsError(PathwayError):
    """A setting is wrong: stops the start and never becomes an answer."""


STATUS: dict[type[PathwayError], tuple[HTTPStatus, str]] = {  # status, FHIR issue type
    InvalidRequestError: (HTTPStatus.BAD_REQUEST, "invalid"),
    NotAuthenticatedError: (HTTPStatus.UNAUTHORIZED, "login"),
    # CDS Hooks: 412 when the data a service needs is not obtainable
    MissingDataError: (HTTPStatus.PRECONDITION_FAILED, "required"),
    UnknownServiceError: (HTTPStatus.NOT_FOUND, "not-found"),
    TooLargeError: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-long"),
    TooManyRequestsError: (HTTPStatus.TOO_MANY_REQUESTS, "throttled"),
    UnsupportedMediaTypeError: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-supported"),
}
STOPS_THE_START: frozenset[type[PathwayError]] = frozenset({KnowledgeError, SettingsError})


class Details(msgspec.Struct, frozen=True):
    """`OperationOutcome.issue.details`."""

    text: str


class Issue(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`OperationOutcome.issue`."""

    severity: str
    code: str
    details: Details
    expression: tuple[str, ...] = ()


class OperationOutcome(msgspec.Struct, frozen=True, kw_only=True, tag_field="resourceType", tag=True):
    """The body of every failure: https://hl7.org/fhir/R4/operationoutcome.html."""

    issue: tuple[Issue, ...]


def outcome(*problems: Problem) -> OperationOutcome:
    """An OperationOutcome with one issue for each problem."""
    return OperationOutcome(
        issue=tuple(
            Issue(
                severity="error",
                code=problem.code,
                details=Details(problem.text),
                expression=(problem.element,) if problem.element else (),
            )
            for problem in problems
        )
    )


def outcome_of(error: PathwayError) -> OperationOutcome:
    """What a client is told of one of our errors."""
    if isinstance(error, InvalidRequestError):
        return outcome(*error.problems)
    _, code = STATUS.get(type(error), (HTTPStatus.BAD_REQUEST, "processing"))
    return outcome(Problem(code=code, text=str(error)))


def outcome_of_defect() -> OperationOutcome:
    """What a client is told when the fault is ours: nothing that a stack trace would tell."""
    return outcome(Problem(code="exception", text="Internal error; it has been logged."))


def place_of(error: BaseException) -> str:
    """The file and line where our code was last at work; nothing of the data."""
    root = Path(__file__).parent.parent
    ours = [root / name for name in ("cards", "cds_service", "fhir_mappings", "pathway")]
    frames = traceback.extract_tb(error.__traceback__)
    at = [f for f in frames if any(Path(f.filename).is_relative_to(package) for package in ours)]
    last = (at or list(frames))[-1:]
    return f"{Path(last[0].filename).name}:{last[0].lineno}" if last else "unknown"
