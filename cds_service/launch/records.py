"""Reads the record of the patient in context with the token of a launch: like a hook call, with more time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

import msgspec

from cards import markdown
from cds_service.decision import INDISPENSABLE, Judged
from cds_service.envelope import HookRequest
from cds_service.fetching.completion import Completer, Completion
from cds_service.fetching.lacks import Lack
from cds_service.fetching.reach import reach_of
from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.fetching.web import Web
from cds_service.launch.sessions import Session
from cds_service.launch.troubles import LaunchError, Trouble
from cds_service.sites import Site
from fhir_mappings.gathering import gather

BUDGET_S = 15.0  # a person waits for the page, who has seen the cards already
HOOK = "patient-view"
READER = "Practitioner/reader"  # who reads is not recorded: it is the EHR's to say
LIMIT_BYTES = 4 * 1024 * 1024
LONGEST_NAME = 100  # characters
_USES = ("official", "usual")
_TROUBLES = {
    Why.STATUS_401: Trouble.ENDED,
    Why.STATUS_403: Trouble.NOT_PERMITTED,
    Why.STATUS_404: Trouble.NO_RECORD,
    Why.STATUS_410: Trouble.NO_RECORD,
    Why.REFUSED_HEADER: Trouble.TOKEN_UNUSABLE,
    Why.OTHER_ORIGIN: Trouble.UNKNOWN_SERVER,
    Why.REFUSED_URL: Trouble.UNKNOWN_SERVER,
}
_AWAY = (Lack.LATE, Lack.FAILED, Lack.UNREACHABLE, Lack.UNUSABLE, Lack.TOO_MUCH, Lack.NEXT_PAGE)


class _Name(msgspec.Struct):
    use: str | None = None
    text: str | None = None
    family: str | None = None
    given: Sequence[str] = ()


class _Patient(msgspec.Struct):
    """Who it is, for the reader alone: the pathway knows no names."""

    name: Sequence[_Name] = ()
    birthDate: str | None = None  # noqa: N815 - as FHIR spells it


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The patient as the page names them, so that nobody reads another one's."""

    id: str
    name: str  # may be empty
    born: str  # as recorded; may be empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Who the patient is, and what the pathway says of them."""

    person: Person
    judged: Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Reads records."""

    web: Web
    completer: Completer

    def read(self, site: Site, session: Session, *, as_of: date, now: int) -> Read:
        """The record of a session's patient.

        Nothing is held back as it is on cards, and nothing is remembered: the page was asked for.

        Raises:
            LaunchError: patient or conditions cannot be read.
        """
        deadline = time.monotonic() + BUDGET_S
        patient = self._patient(site, session, deadline)
        asked = HookRequest(
            hook=HOOK,
            hook_instance=str(uuid4()),
            user_id=READER,
            patient_id=session.patient,
            fhir_server=session.base,
            fhir_authorization=_authorization(session, now),
        )
        chart = gather({"patient": msgspec.Raw(patient)})
        completion = self.completer.completion(chart, asked, site.tenant, deadline)
        for kind in INDISPENSABLE[HOOK]:
            if not completion.gathered.has_answer_for(kind):
                raise LaunchError(_trouble(completion, kind), site.tenant.id)
        judged = site.decider.judged(completion.gathered, patient_id=session.patient, as_of=as_of)
        return Read(person=_person(patient, session.patient), judged=judged)

    def _patient(self, site: Site, session: Session, deadline: float) -> bytes:
        """The Patient, as it came."""
        try:
            return self.web.get(
                f"{session.base}/Patient/{session.patient}",
                headers={"Authorization": f"Bearer {session.token}"},
                reach=reach_of(site.tenant).within(session.base),
                deadline=deadline,
                limit_bytes=LIMIT_BYTES,
            )
        except NotFetchedError as error:
            raise LaunchError(_TROUBLES.get(error.why, Trouble.SERVER_AWAY), site.tenant.id) from None


def _authorization(session: Session, now: int) -> dict[str, str | int]:
    return {
        "access_token": session.token,
        "token_type": "Bearer",
        "expires_in": session.ends - now,
        "scope": session.scope,
        "patient": session.patient,
    }


def _person(patient: bytes, own_id: str) -> Person:
    """What can be read of it; a record of another form has no name here."""
    try:
        found = msgspec.json.decode(patient, type=_Patient)
    except msgspec.DecodeError:
        found = _Patient()
    names = sorted(found.name, key=lambda name: _USES.index(name.use) if name.use in _USES else len(_USES))
    told = next(filter(None, map(_in_words, names)), "")
    return Person(id=own_id, name=_shown(told), born=_shown(found.birthDate or ""))


def _in_words(name: _Name) -> str:
    return name.text or " ".join(filter(None, (*name.given, name.family)))


def _shown(text: str) -> str:
    return " ".join(markdown.printable(text).split())[:LONGEST_NAME]


def _trouble(completion: Completion, kind: str) -> Trouble:
    if Why.STATUS_401 in completion.whys.values():
        return Trouble.ENDED
    if completion.whys.get(kind) in (Why.STATUS_404, Why.STATUS_410):
        return Trouble.NO_RECORD
    lack = completion.lacks.get(kind)
    if lack is Lack.TOKEN_EXPIRED:
        return Trouble.ENDED
    if lack in (Lack.TOKEN_UNUSABLE, Lack.NO_SUCH_ID):
        return Trouble.TOKEN_UNUSABLE
    if lack is Lack.SERVER_NOT_ALLOWED:
        return Trouble.UNKNOWN_SERVER
    return Trouble.SERVER_AWAY if lack in _AWAY else Trouble.NOT_PERMITTED
