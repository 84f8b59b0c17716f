"""Golden cases of going quiet: a patient, and visits in turn, each with what is shown and answered.

Written as `quiet/*.yaml`, so that a clinician can read and add them. The patient is described as in
pathway/knowledge/golden; days are counted from the case's `as_of`, also those of the chart: it does not age.
"""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cards.wire import Answer
from cds_service.decision import Decider, Judged
from cds_service.envelope import HookRequest
from cds_service.memory.considering import Considered, Memory
from cds_service.memory.records import CallRecord, FeedbackRecord
from cds_service.memory.rows import Writer
from cds_service.memory.settings import SiteMemory
from cds_service.store.opening import Store
from cds_service.tenants.model import Memory as MemoryTable
from cds_service.tenants.model import Tenant
from pathway.days import days_after
from pathway.evaluation import advise
from pathway.facts import Facts
from pathway.golden import Given, facts_of
from pathway.golden_drafts import drafts_of
from pathway.guards import judge
from pathway.rules import Kebab, Knowledge, Text
from pathway.yaml_files import read

CASES = Path(__file__).parent / "quiet"
LISTS = tuple(field.name for field in msgspec.structs.fields(Given) if field.default == ())


class GivenAnswer(Knowledge, frozen=True, kw_only=True):
    """What was done with the card that carries a recommendation or guard."""

    to: Kebab
    overridden: str | None = None  # the reason's code; "": without a reason
    accepted: Kebab | None = None  # whose suggestion was taken; of a guard's card any will do
    system: str | None = "urn:backpath:override-reason"  # of the reason
    given: int | None = None  # day of the answer, as the client tells; none: that of the visit
    at: str = "09:05"  # on the clock of the site
    reported: int | None = None  # day on which it arrived; none: that of the answer


class Visit(Knowledge, frozen=True, kw_only=True):
    """A chart that is opened, or orders that are written."""

    day: int = 0  # from `as_of`
    at: str = "09:00"  # on the clock of the site
    site: Kebab = "north"
    user: Kebab = "dr-a"
    encounter: Kebab | None = None
    hook: str = "patient-view"
    chart: Given = Given()  # what is on record beside the patient of the case; `drafts` are the orders
    memory: bool = True  # false: it cannot be read in time
    # What must come out; what is not named is not looked at
    shown: tuple[Kebab, ...] = ()
    only: tuple[Kebab, ...] | None = None  # exactly these are shown, in this order
    held: dict[Kebab, str] | None = None  # exactly these are held back, and why
    until: dict[Kebab, int] = msgspec.field(default_factory=dict)  # day from `as_of`
    state: Kebab | None = None
    first: Kebab | None = None  # leads the first card
    recommended: Kebab | None = None  # has the suggestion marked as the best next step
    answers: tuple[GivenAnswer, ...] = ()


class QuietCase(Knowledge, frozen=True, kw_only=True):
    """One case, named by a sentence."""

    name: Text
    as_of: date
    zone: str = "UTC"
    site: dict[str, object] = msgspec.field(default_factory=dict)  # [tenants.ID.memory]
    patient: Given
    visits: tuple[Visit, ...]


def cases() -> list[QuietCase]:
    return [case for path in sorted(CASES.glob("*.yaml")) for case in read(path, tuple[QuietCase, ...])]


class Clinic:
    """Plays the visits of one case."""

    def __init__(self, case: QuietCase, patient_id: str, decider: Decider, store: Store) -> None:
        self.case = case
        self.patient_id = patient_id
        self.decider = decider
        self.store = store
        self.zone = ZoneInfo(case.zone)
        self.table = msgspec.convert(case.site, MemoryTable)
        self.visits = 0

    def visit(self, visit: Visit, memory: Memory) -> tuple[Answer, list[str]]:
        """The answer of one visit, recorded, and how it differs from what is expected."""
        now = self._on(visit.day, visit.at)
        judged = self._judged(visit, now.date())
        considered = memory.considered(
            self._site(visit.site), self._asked(visit), judged, as_of=now.date(), now=now
        )
        answer = considered.told(self.decider.answer(considered.judged))
        self._record(visit, considered, answer, now)
        for given in visit.answers:
            self._report(given, visit, answer, now)
        return answer, self._differences(visit, answer)

    def _site(self, name: str) -> SiteMemory:
        tenant = Tenant(id=name, title=name, zone=self.zone, memory=self.table)
        return SiteMemory.of(tenant, self.decider.knowledge)

    def _asked(self, visit: Visit) -> HookRequest:
        return HookRequest(
            hook=visit.hook,
            hook_instance="d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            user_id=f"Practitioner/{visit.user}",
            patient_id=self.patient_id,
            encounter_id=visit.encounter,
        )

    def _judged(self, visit: Visit, today: date) -> Judged:
        given = _together(self.case.patient, visit.chart)
        known: Facts = msgspec.structs.replace(
            facts_of(given, self.case.as_of, self.decider.rows), as_of=today
        )
        if visit.hook == "patient-view":
            return Judged(advise(known, self.decider.knowledge))
        drafts = drafts_of(given, today, self.decider.rows)
        return Judged(
            judge(known, drafts, self.decider.knowledge),
            [_order(draft.ingredient or draft.concept or "", draft.code) for draft in given.drafts],
            visit.hook,
        )

    def _record(self, visit: Visit, considered: Considered, answer: Answer, now: datetime) -> None:
        self.visits += 1
        record = CallRecord(
            id=f"{self.patient_id}-{self.visits}",
            at=_ms(now),
            tenant=visit.site,
            service=f"low-back-pain-{visit.hook}",
            hook=visit.hook,
            instance="i",
            patient=considered.patient,
            user=considered.user,
            encounter=considered.encounter,
            state=answer.extension.org_backpath.state,
            as_of=answer.extension.org_backpath.as_of.isoformat(),
            knowledge_version="k",
            memory_asked=considered.memory_asked,
            cards=considered.cards(answer),
        )
        self._write(record)

    def _report(self, given: GivenAnswer, visit: Visit, answer: Answer, now: datetime) -> None:
        card = next(c for c in answer.cards if given.to in c.extension.org_backpath.recommendations)
        taken = tuple(
            s.uuid
            for s in card.suggestions
            if given.accepted in (s.extension.org_backpath.answered, given.to)
        )[:1]
        at = _ms(now + timedelta(minutes=5)) if given.given is None else _ms(self._on(given.given, given.at))
        self._write(
            FeedbackRecord(
                key=f"{card.uuid}{given.to}{self.visits}{at}{given.overridden}".encode(),
                tenant=visit.site,
                service=f"low-back-pain-{visit.hook}",
                card=card.uuid,
                outcome="overridden" if given.accepted is None else "accepted",
                suggestions=() if given.accepted is None else taken,
                reason_system=given.system if given.overridden else None,
                reason_code=given.overridden or None,
                outcome_at=at,
                received_at=at if given.reported is None else _ms(self._on(given.reported, given.at)),
            )
        )

    def _on(self, day: int, at: str) -> datetime:
        return datetime.combine(days_after(self.case.as_of, day), time.fromisoformat(at), self.zone)

    def _write(self, record: CallRecord | FeedbackRecord) -> None:
        writer = Writer(self.store.kind)
        refused = self.store.run_beside(lambda connection: writer.write(connection, [record]))
        assert refused == {}

    def _differences(self, visit: Visit, answer: Answer) -> list[str]:
        found = [i for card in answer.cards for i in card.extension.org_backpath.recommendations]
        kept = {h.recommendation: h for h in answer.extension.org_backpath.held_back}
        reasons = {name: held.reason for name, held in kept.items()}
        wrong = [f"{name} is not shown" for name in visit.shown if name not in found]
        if visit.only is not None and list(visit.only) != found:
            wrong.append(f"shown are {found}; expected {list(visit.only)}")
        if visit.held is not None and visit.held != reasons:
            wrong.append(f"held back are {reasons}; expected {visit.held}")
        for name, day in visit.until.items():
            expected = days_after(self.case.as_of, day)
            actual = kept[name].until if name in kept else None
            if actual != expected:
                wrong.append(f"{name} is quiet until {actual}; expected {expected}")
        told = answer.extension.org_backpath
        if visit.state is not None and visit.state != told.state:
            wrong.append(f"state is {told.state}; expected {visit.state}")
        if visit.first is not None and visit.first != next(iter(found), None):
            wrong.append(f"first is {found[:1]}; expected {visit.first}")
        offered = [suggestion for card in answer.cards for suggestion in card.suggestions]
        marked = [s.extension.org_backpath.recommendation for s in offered if s.is_recommended]
        if visit.recommended is not None and [visit.recommended] != marked:
            wrong.append(f"marked is {marked}; expected {visit.recommended}")
        if (told.memory == "not-asked") is visit.memory:
            wrong.append(f"memory is {told.memory}")
        return [f"day {visit.day}: {text}" for text in wrong]


def _together(patient: Given, more: Given) -> Given:
    """The patient with what is on record beside."""
    lists: dict[str, Any] = {name: (*getattr(patient, name), *getattr(more, name)) for name in LISTS}
    return msgspec.structs.replace(patient, **lists)


def _order(name: str, code: str | None) -> dict[str, object]:
    coding = {"system": "urn:example", "code": code or name}
    element = "code" if code or "-" in name else "medicationCodeableConcept"
    return {"resourceType": "X", "id": "draft", element: {"coding": [coding], "text": name}}


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
