"""What is remembered of a patient, as far as a call needs it: what was answered, shown and counted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Connection

from cds_service.memory import past_statements as statements
from cds_service.store.statement_texts import rows_of
from cds_service.store.tables import calls
from pathway.quiet_policy import OTHER
from pathway.quieting import Past, PastAnswer, Said
from pathway.rules import ACCEPTED

OUR_REASONS = "urn:backpath:override-reason"
CAP_LOOK_BACK_S = 2 * 86_400  # what was shown on this day of the site, whatever its zone
MOST_TAKEN = 512  # suggestions, and calls that offered them
Hashes: TypeAlias = tuple[bytes, ...]  # of one thing, by each key
Values: TypeAlias = dict[str, str | int | bytes]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be read."""

    tenant: str
    patient: Hashes
    zone: ZoneInfo
    now: datetime
    as_of: date
    days_back: int
    fingerprints: frozenset[
        bytes
    ]  # of what is advised, by each key: what was said on other facts is not read
    answered_by: Hashes = ()  # only answers of this user's cards; (): of anyone's
    encounter: Hashes = ()  # what was shown in it is read; (): it does not matter
    capped_user: Hashes = ()  # how many cards this user was shown today; (): it does not matter
    is_patient_capped: bool = False  # the same of the patient


def past_of(connection: Connection, question: Question) -> Past:
    """What is remembered of a patient.

    Raises:
        SQLAlchemyError: the database failed.
    """
    values: Values = {
        "tenant": question.tenant,
        "since": _milliseconds(question.now - timedelta(days=question.days_back)),
        **_named("patient", question.patient),
        **_named("user", question.answered_by),
    }
    capped_patient = question.patient if question.is_patient_capped else ()
    return Past(
        answers=tuple(_answers(connection, question, values)),
        in_encounter=tuple(_in_encounter(connection, question, values)) if question.encounter else (),
        cards_of_user=_cards(connection, question, calls.c.user, question.capped_user),
        cards_of_patient=_cards(connection, question, calls.c.patient, capped_patient),
    )


def _answers(connection: Connection, question: Question, values: Values) -> Iterator[PastAnswer]:
    """What was answered on the facts of this call, of each item the latest."""
    statement = statements.reported(connection.dialect.name, len(question.patient), len(question.answered_by))
    rows = rows_of(connection, statement, values)
    found = [report for report in map(_Report._make, rows) if report.fingerprint in question.fingerprints]
    found.sort(key=_Report.order)
    offered = _offered(connection, [report for report in found if report.outcome == ACCEPTED])
    latest: dict[Said, tuple[_Report, str]] = {}
    for report in found:
        reason = _reason(report, offered)
        if reason is not None:
            latest[report.said] = report, reason
    for said, (report, reason) in latest.items():
        yield PastAnswer(
            said=said, reason=reason, on=_answered_on(report, question.zone), order=report.order()
        )


class _Report(NamedTuple):
    """A row of `statements.reported`: an item that was shown, and one outcome of its card."""

    call: str
    recommendation: str
    fingerprint: bytes
    order_code: bytes | None
    at: int
    as_of: str
    key: bytes
    outcome: str
    taken: str
    reason_system: str | None
    reason_code: str | None
    outcome_at: int
    received_at: int

    @property
    def said(self) -> Said:
        return Said(self.recommendation, self.fingerprint, self.order_code)

    def order(self) -> tuple[int, int, bytes]:
        # one from the future counts as of its arrival
        return min(self.outcome_at, self.received_at), self.received_at, self.key


def _reason(report: _Report, offered: Mapping[str, str]) -> str | None:
    """Why it is quiet; None: another suggestion of the card was taken."""
    if report.outcome == ACCEPTED:
        # a suggestion of a guard's card answers the guard, whatever it carries out
        is_own = report.order_code is not None or report.recommendation in map(
            offered.get, report.taken.split()
        )
        return ACCEPTED if is_own else None
    is_ours = report.reason_system in (None, OUR_REASONS) and report.reason_code not in (None, ACCEPTED)
    return report.reason_code if is_ours else OTHER


def _answered_on(report: _Report, zone: ZoneInfo) -> date:
    """The day of an answer; a clock of the client that runs ahead quiets no longer for it.

    Where a call was for another day than its own (development mode), so are its answers.
    """
    shift = date.fromisoformat(report.as_of) - _day(report.at, zone)
    return _day(min(report.outcome_at, report.received_at), zone) + shift


def _offered(connection: Connection, accepted: Sequence[_Report]) -> dict[str, str]:
    """The recommendation of each suggestion that was taken."""
    taken = sorted({uuid for report in accepted for uuid in report.taken.split()})[:MOST_TAKEN]
    if not taken:
        return {}
    offering = sorted({report.call for report in accepted})[:MOST_TAKEN]
    statement = statements.suggested(connection.dialect.name, _room_for(len(offering)), _room_for(len(taken)))
    values = {**_named("call", _filled_up(offering)), **_named("id", _filled_up(taken))}
    return dict(rows_of(connection, statement, values))


def _in_encounter(connection: Connection, question: Question, values: Values) -> Iterator[Said]:
    keys = len(question.patient), len(question.answered_by), len(question.encounter)
    statement = statements.shown(connection.dialect.name, *keys)
    values = {**values, **_named("encounter", question.encounter)}
    return (Said(*row) for row in rows_of(connection, statement, values))


def _cards(connection: Connection, question: Question, column: Column[bytes], hashes: Hashes) -> int:
    """How many cards were sent on the day of the call."""
    if not hashes:
        return 0
    values = {
        "tenant": question.tenant,
        "since": _milliseconds(question.now) - CAP_LOOK_BACK_S * 1000,
        "today": question.as_of.isoformat(),
        **_named(column.name, hashes),
    }
    statement = statements.counted(connection.dialect.name, column.name, len(hashes))
    ((cards,),) = rows_of(connection, statement, values)
    return cards or 0


def _named(name: str, values: Iterable[T]) -> dict[str, T]:
    return {f"{name}{place}": value for place, value in enumerate(values)}


def _room_for(number: int) -> int:
    """The next power of two, so that there are few different statements."""
    return 1 << (number - 1).bit_length()


def _filled_up(values: Sequence[str]) -> list[str]:
    return [*values, *[values[0]] * (_room_for(len(values)) - len(values))]


def _day(milliseconds: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(milliseconds / 1000, zone).date()


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
