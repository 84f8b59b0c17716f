"""A report as FHIR R4 MeasureReports, one for each measure, checked by fhir.resources.

https://hl7.org/fhir/R4/measurereport.html. A hidden count has no value and the extension data-absent-reason
`masked`. R4 and R4B do not differ in what is used.
"""
# ruff: noqa: PLC0415 - the resources are loaded by who asks for them

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cards.overrides import SYSTEM as OVERRIDE_REASON
from cds_service.report.cells import Figure, Hidden, sum_of
from cds_service.report.figures import Group, Outcomes, Rate, Report
from cds_service.report.reasons import HL7
from cds_service.report.seen import Occasion

MEASURE = "urn:backpath:measure:"
POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
MASKED: Mapping[str, Any] = {"extension": [{"url": ABSENT, "valueCode": "masked"}]}
INITIAL, DENOMINATOR, NUMERATOR = "initial-population", "denominator", "numerator"
UCUM = "http://unitsofmeasure.org"
RECOMMENDATION, STATE = "urn:backpath:recommendation", "urn:backpath:state"
URI, CODE = re.compile(r"\S+"), re.compile(r"[^\s]+(\s[^\s]+)*")  # https://hl7.org/fhir/R4/datatypes.html
NOUGHT_DAY = date(1970, 1, 1)  # of a report on nothing: R4 asks for a period


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of a whole, of one stratum or of all."""

    whole: Figure
    part: Figure
    score: Rate
    system: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure: a proportion unless a unit says otherwise."""

    name: str
    title: str
    all: Part
    strata: Mapping[str, Sequence[Part]]
    unit: str = "%"
    higher_is_better: bool | None = None


def bundle(report: Report, made_at: datetime) -> str:
    """All MeasureReports in one Bundle, as JSON.

    Args:
        report: The figures.
        made_at: When the report was made, with a time zone.
    """
    from fhir.resources.R4B.bundle import Bundle

    entries = [{"resource": _resource(measure, report, made_at)} for measure in measures(report)]
    checked = Bundle.model_validate({"resourceType": "Bundle", "type": "collection", "entry": entries})
    return str(checked.model_dump_json(indent=2))


def measures(report: Report) -> Iterator[Measure]:
    """What is measured."""
    fired = {name: [_firing(group) for group in groups] for name, groups in _groups(report)}
    told = [
        Part(whole=row.calls, part=row.fired, score=row.firing, system=RECOMMENDATION, name=row.id)
        for row in report.recommendations or ()
    ]
    yield Measure(
        name="firing",
        title="Calls at which something was advised",
        all=_firing(report.total),
        strata=fired | {"recommendation": told},
    )
    yield _of_cards(report, "acceptance", "Cards that were accepted", better=True)
    yield _of_cards(report, "override", "Cards that were overridden", better=False)
    items = report.items
    held = Part(whole=items.advised, part=items.held, score=None)
    yield Measure(name="held-back", title="Advice that was held back", all=held, strata=_held(report))
    load = report.load
    occasions = {
        occasion: Part(
            whole=load.calls[occasion], part=load.cards[occasion], score=load.per_hundred_calls(occasion)
        )
        for occasion in Occasion
    }
    yield Measure(
        name="alert-load",
        title="Cards for 100 chart opens",
        all=occasions[Occasion.CHART],
        strata={},
        unit="/100",
    )
    answered = sum_of((report.total.cards.accepted, report.total.cards.overridden))
    median = Part(whole=report.total.cards.shown, part=answered, score=report.delays[0].median_s)
    yield Measure(
        name="time-to-feedback", title="Median time from card to answer", all=median, strata={}, unit="s"
    )


def _of_cards(report: Report, name: str, title: str, *, better: bool) -> Measure:
    def part(outcomes: Outcomes, system: str = "", stratum: str = "") -> Part:
        accepted = name == "acceptance"
        return Part(
            whole=outcomes.shown,
            part=outcomes.accepted if accepted else outcomes.overridden,
            score=outcomes.acceptance if accepted else outcomes.override,
            system=system,
            name=stratum,
        )

    strata: dict[str, Sequence[Part]] = {
        kind: [part(group.cards, _system(kind), group.key) for group in groups]
        for kind, groups in _groups(report)
    }
    advised = report.recommendations or ()
    strata["recommendation"] = [part(row.shown, RECOMMENDATION, row.id) for row in advised]
    if not better:
        strata["override-reason"] = list(_reasons(report))
    return Measure(
        name=name, title=title, all=part(report.total.cards), strata=strata, higher_is_better=better
    )


def _reasons(report: Report) -> Iterator[Part]:
    """By HL7's code where there is one, else by what was chosen."""
    shown = report.total.cards.shown
    for group in report.reasons or ():
        if group.code is not None:
            yield Part(whole=shown, part=group.cards, score=None, system=HL7, name=group.code)
        for reason in group.reasons:
            if group.code is None or reason.system == OVERRIDE_REASON:
                yield Part(whole=shown, part=reason.cards, score=None, system=reason.system, name=reason.code)


def _held(report: Report) -> Mapping[str, Sequence[Part]]:
    rows = report.recommendations or ()
    return {
        "recommendation": [
            Part(whole=row.advised, part=row.held, score=None, system=RECOMMENDATION, name=row.id)
            for row in rows
        ],
        "fate": [
            Part(whole=report.items.advised, part=times, score=None, name=fate.value)
            for fate, times in report.items.fates.items()
        ],
    }


def _groups(report: Report) -> Iterable[tuple[str, Sequence[Group]]]:
    yield "week", report.weeks or ()
    yield "state", report.states or ()
    yield "site", report.tenants or ()


def _firing(group: Group) -> Part:
    return Part(whole=group.calls, part=group.fired, score=group.firing, name=group.key)


def _system(kind: str) -> str:
    return STATE if kind == "state" else ""


def _resource(measure: Measure, report: Report, made_at: datetime) -> dict[str, Any]:
    better = {True: "increase", False: "decrease"}.get(measure.higher_is_better)  # type: ignore[arg-type]
    notation = {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/measure-improvement-notation", "code": better}
        ]
    }
    start, end = report.since or NOUGHT_DAY, report.until or report.since or NOUGHT_DAY
    group = _counted(measure.all, measure.unit) | {"code": {"text": measure.title}}
    stratified = [
        {"code": [{"text": kind}], "stratum": [_stratum(part, measure.unit) for part in parts]}
        for kind, parts in measure.strata.items()
        if parts
    ]
    return {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": f"{MEASURE}{measure.name}",
        "date": made_at.isoformat(timespec="seconds"),
        "reporter": {"display": f"Backpath, {report.tenant or 'all sites'}"},
        "period": {"start": start.isoformat(), "end": end.isoformat()},
        "group": [group | ({"stratifier": stratified} if stratified else {})],
    } | ({"improvementNotation": notation} if better else {})


def _stratum(part: Part, unit: str) -> dict[str, Any]:
    # a client's own code may be none that FHIR allows: then it is told as text alone
    is_coded = URI.fullmatch(part.system) and CODE.fullmatch(part.name)
    coding = [{"system": part.system, "code": part.name}] if is_coded else []
    return _counted(part, unit) | {"value": {"text": part.name} | ({"coding": coding} if coding else {})}


def _counted(part: Part, unit: str) -> dict[str, Any]:
    populations = [
        _population(code, figure)
        for code, figure in ((INITIAL, part.whole), (DENOMINATOR, part.whole), (NUMERATOR, part.part))
    ]
    score = {"measureScore": _quantity(part.score, unit)} if isinstance(part.score, Decimal) else {}
    return {"population": populations} | score


def _population(code: str, figure: Figure) -> dict[str, Any]:
    coded = {"code": {"coding": [{"system": POPULATION, "code": code}]}}
    return coded | ({"_count": MASKED} if isinstance(figure, Hidden) else {"count": figure})


def _quantity(value: Decimal, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}
