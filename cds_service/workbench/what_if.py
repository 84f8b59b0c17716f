"""What if: a request changed as a form says. It is sent again afterwards; nothing is decided here."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import count
from typing import TypeAlias, TypeVar
from uuid import uuid4

from cds_service.envelope import EXTENSION, day_of
from cds_service.errors import InvalidRequestError, Problem
from cds_service.sample_codes import Codes
from cds_service.sample_records import Resource
from cds_service.workbench.additions import FACTS, fact_resources, score
from cds_service.workbench.documents import Json
from cds_service.workbench.moments import Moment, moments
from cds_service.workbench.records import add, drafts, label_of, name_of, patient, resources, take_out
from pathway.facts import Instrument
from pathway.golden import Given

MOST_DAYS = 36_500
Form: TypeAlias = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Changed:
    """A request to send, and what was changed in it, in words that hold the chart's."""

    request: Json
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """A measured value of the record."""

    resource: Json

    @property
    def value(self) -> object:
        """What was measured."""
        return self.resource["valueQuantity"].get("value")

    @property
    def label(self) -> str:
        """Name, value and day."""
        unit = self.resource["valueQuantity"].get("unit") or ""
        day = str(self.resource.get("effectiveDateTime") or "")[:10]
        return f"{name_of(self.resource)}: {self.value} {unit} {day}"


def scores(request: Json) -> list[Score]:
    """The measured values; always in the same order for the same request."""
    return [Score(r) for r in resources(request) if isinstance(r.get("valueQuantity"), dict)]


def removable(request: Json) -> list[Json]:
    """What can be taken out: all but the Patient."""
    return [r for r in resources(request) if r.get("resourceType") not in ("Patient", "OperationOutcome")]


def changed(request: Json, form: Form, *, today: date, codes: Codes) -> Changed:
    """The request with all that a form wishes; fields that are empty change nothing.

    Args:
        request: As it was sent; not changed itself.
        form: Names and values of the fields.
        today: The evaluation day of the last answer.
        codes: To write what is added.

    Raises:
        InvalidRequestError: a field cannot be read.
    """
    made = deepcopy(request)
    movable, measured, entries = moments(made), scores(made), removable(made)
    steps = [
        *_moved(form, movable),
        *_measured(form, measured),
        *_taken_out(made, form, entries),
        *_added_score(made, form, today, codes),
        *_added_fact(made, form, today, codes),
        *_of_day(made, form, today),
    ]
    return Changed(made, tuple(steps))


def on_day(request: Json, day: date) -> Json:
    """The same request for another evaluation day."""
    made = deepcopy(request)
    _ours(made)["asOf"] = day.isoformat()
    return made


def renamed(request: Json) -> Json:
    """The same record of a patient of whom nothing is remembered: another id."""
    old = str(request["context"]["patientId"]).removeprefix("Patient/")
    new = f"what-if-{uuid4().hex[:12]}"
    made = deepcopy(request)
    made["context"]["patientId"] = new
    patient(made)["id"] = new
    for resource in (*resources(made), *drafts(made)):
        _refer_to(resource, f"Patient/{old}", f"Patient/{new}")
    return made


def new_ids(made: Json, found: tuple[Resource, ...]) -> list[Json]:
    """Resources with ids that the record does not have yet."""
    taken = {resource.get("id") for resource in resources(made)}
    free = (name for name in map("what-if-{}".format, count(1)) if name not in taken)
    return [resource | {"id": name} for resource, name in zip(found, free, strict=False)]


def number(text: str, name: str) -> Decimal:
    """A number that was typed.

    Raises:
        InvalidRequestError: it is none.
    """
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > 1_000_000:
        raise wrong(f"{name} must be a number.")
    return value


def wrong(text: str) -> InvalidRequestError:
    """A field that cannot be used."""
    return InvalidRequestError(Problem(code="value", text=text))


def _moved(form: Form, movable: list[Moment]) -> list[str]:
    chosen = form.get("moved", "")
    if not chosen:
        return []
    moment = _chosen(movable, chosen, "The date to move")
    to_day = day_of(form["moved_to"], "The new day") if form.get("moved_to") else None
    by_days = int(number(form.get("moved_by") or "0", "The days to move by"))
    if to_day is None and (by_days == 0 or abs(by_days) > MOST_DAYS):
        raise wrong("Say by how many days the date moves, or to which day.")
    new = moment.move(by_days=by_days, to_day=to_day)
    return [f"{moment.label}: moved to {new}"]


def _measured(form: Form, measured: list[Score]) -> list[str]:
    chosen = form.get("score", "")
    if not chosen:
        return []
    one = _chosen(measured, chosen, "The score to change")
    label, value = one.label, number(form.get("score_value", ""), "The new value of the score")
    one.resource["valueQuantity"]["value"] = _plain(value)
    return [f"{label}: is now {value}"]


def _taken_out(made: Json, form: Form, entries: list[Json]) -> list[str]:
    chosen = form.get("removed", "")
    if not chosen:
        return []
    resource = _chosen(entries, chosen, "What is to be taken out")
    take_out(made, resource)
    return [f"Taken out: {label_of(resource)}"]


def _added_score(made: Json, form: Form, today: date, codes: Codes) -> list[str]:
    if not form.get("new_value"):
        return []
    try:
        instrument = Instrument(form.get("new_score", ""))
    except ValueError as error:
        raise wrong("The score to add is unknown.") from error
    value = number(form["new_value"], "The value of the score")
    on = day_of(form["new_on"], "The day of the score") if form.get("new_on") else today
    return _added(made, score(instrument, value), on, codes)


def _added_fact(made: Json, form: Form, today: date, codes: Codes) -> list[str]:
    name = form.get("fact", "")
    if not name:
        return []
    if name not in FACTS:
        raise wrong("The fact to add is unknown.")
    on = day_of(form["fact_on"], "The day of the fact") if form.get("fact_on") else today
    return _added(made, FACTS[name].given, on, codes)


def _added(made: Json, given: Given, on: date, codes: Codes) -> list[str]:
    patient_id = str(made["context"]["patientId"]).removeprefix("Patient/")
    new = new_ids(made, fact_resources(given, patient_id, on, codes))
    for resource in new:
        add(made, resource)
    return [f"Added: {label_of(resource)}, {on}" for resource in new]


def _of_day(made: Json, form: Form, today: date) -> list[str]:
    if not form.get("as_of"):
        return []
    day = day_of(form["as_of"], "The day")
    if day == today:
        return []
    _ours(made)["asOf"] = day.isoformat()
    return [f"The day is {day}"]


def _ours(made: Json) -> Json:
    """Our member of the request's extension, made where it is missing."""
    return _object(_object(made, "extension"), EXTENSION)


def _object(holder: Json, name: str) -> Json:
    found = holder.get(name)
    if not isinstance(found, dict):
        found = holder[name] = {}
    return found


def _chosen(items: list[T], index: str, name: str) -> T:
    if not (index.isascii() and index.isdigit() and int(index) < len(items)):
        raise wrong(f"{name} is not in the list.")
    return items[int(index)]


def _plain(value: Decimal) -> int | Decimal:
    return int(value) if value == value.to_integral_value() else value


def _refer_to(value: object, old: str, new: str) -> None:
    """Point references elsewhere."""
    if isinstance(value, dict):
        if value.get("reference") == old:
            value["reference"] = new
        for below in value.values():
            _refer_to(below, old, new)
    elif isinstance(value, list):
        for below in value:
            _refer_to(below, old, new)
