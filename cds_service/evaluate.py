"""`backpath evaluate`: what the service would answer about patients in files, and why."""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from cds_service.decision import Decider, Decision, Orders
from cds_service.errors import (
    InvalidRequestError,
    OperationOutcome,
    Problem,
    outcome_of,
    outcome_of_defect,
    place_of,
)
from cds_service.inputs import Input, case_of, inputs_of
from cds_service.progress import tracked
from cds_service.reading import print_decision, print_summary, write_line
from cds_service.settings import Settings
from fhir_mappings.gathering import gather
from pathway.errors import PathwayError

DONE, DEFECT, BAD_INPUT = 0, 1, 2


def evaluate(
    names: Sequence[str], *, settings: Settings, hook: str | None, as_of: date | None, as_json: bool
) -> int:
    """Decide about every document behind `names` and print the answers; the exit status.

    One document that cannot be used does not stop the others.

    Raises:
        KnowledgeError: the packaged knowledge is wrong.
    """
    decider = Decider.load(settings.time_zone)
    day = as_of or datetime.now(settings.time_zone).date()
    inputs = inputs_of(names, sys.stdin.buffer)
    report = _Report(as_json=as_json, several=len(inputs) > 1)
    for document in tracked(inputs, "Evaluating"):
        try:
            decision = _decided(document, decider, hook=hook, as_of=as_of, today=day)
        except PathwayError as error:
            report.refused(document.name, error)
        except Exception as error:  # noqa: BLE001 - told by type and place; the others go on
            report.failed(document.name, error)
        else:
            report.answered(document.name, decision)
    return report.close()


def _decided(
    document: Input, decider: Decider, *, hook: str | None, as_of: date | None, today: date
) -> Decision:
    if document.body is None:
        raise InvalidRequestError(Problem(code="not-found", text="cannot be read"))
    case = case_of(document.body)
    asked = hook or case.hook
    day = as_of or case.as_of or today
    gathered = gather(case.prefetch)
    if asked == "patient-view":
        return decider.decide(gathered, patient_id=case.patient_id, as_of=day)
    if case.draft_orders is None:
        problem = Problem(code="required", text="There are no draft orders.", element="context.draftOrders")
        raise InvalidRequestError(problem)
    selections = case.selections if asked == "order-select" else None
    orders = Orders(hook=asked, bundle=case.draft_orders, selections=selections)
    return decider.decide(gathered, patient_id=case.patient_id, as_of=day, orders=orders)


class _Report:
    """Prints results as they come and keeps the count by state."""

    def __init__(self, *, as_json: bool, several: bool) -> None:
        self._as_json = as_json
        self._several = several
        self._states: Counter[str] = Counter()
        self._status = DONE

    def answered(self, name: str, decision: Decision) -> None:
        self._states[decision.advice.situation.state.value] += 1
        if not self._as_json:
            print_decision(decision, name if self._several else None)
        elif self._several:
            write_line(_member("input", name, "answer", decision.body()))
        else:
            write_line(decision.body())

    def refused(self, name: str, error: PathwayError) -> None:
        self._states["not evaluated"] += 1
        self._status = self._status or BAD_INPUT
        self._tell(name, str(error), outcome_of(error))

    def failed(self, name: str, error: Exception) -> None:
        self._states["not evaluated"] += 1
        self._status = DEFECT
        told = f"internal error: {type(error).__name__} at {place_of(error)}"
        self._tell(name, told, outcome_of_defect())

    def close(self) -> int:
        if self._several and not self._as_json:
            print_summary(self._states)
        return self._status

    def _tell(self, name: str, text: str, body: OperationOutcome) -> None:
        print(f"backpath: {name}: {text}", file=sys.stderr)  # noqa: T201 - a command line speaks
        if self._as_json:
            encoded = msgspec.json.encode(body)
            write_line(_member("input", name, "error", encoded) if self._several else encoded)


def _member(label: str, name: str, key: str, body: bytes) -> bytes:
    return msgspec.json.encode({label: name, key: msgspec.Raw(body)})
