"""Golden cases as sentences: the patient, and what must come out."""

from collections.abc import Iterator, Mapping

import msgspec

from cds_service.knowledge_pages.case_files import WORKED
from cds_service.knowledge_pages.days import listed, when
from cds_service.knowledge_pages.kinds import Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.patients import sentences
from cds_service.knowledge_pages.placeholders import words_for
from pathway.golden import Expected, ExpectedGuard, GoldenCase
from pathway.number_words import figure

_WITHHELD: Mapping[str, str] = {
    "contraindicated": "the record speaks against it",
    "tried": "it was tried, or is under way",
    "open-order": "an order for it is open",
    "duration": "the pain has not lasted as long as it asks for",
    "criterion": "a criterion is not met",
    "unknown": "a criterion cannot be decided from the record",
    "switched-off": "the site has switched it off",
}
_URGENCY: Mapping[str, str] = {"routine": "information", "caution": "warning", "urgent": "critical"}
KINDS: Mapping[str | None, str] = {
    "shown": "Shown",
    "hidden": "Not shown",
    "unknown": "When something is not recorded",
    "fires": "Fires",
    "not": "Does not fire",
    None: "Further cases",
}


class Outcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One thing that must come out: "shown: Yoga"."""

    says: str
    about: Link | None = None
    detail: str | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One case."""

    name: str
    kind: str | None
    patient: str
    outcomes: tuple[Outcome, ...]


class CaseGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The cases of one kind."""

    heading: str
    cases: tuple[Case, ...]


def case_of(case: GoldenCase, library: Library) -> Case:
    """A case in words."""
    outcomes = (*_at_chart_open(case, library), *_of_orders(case.expect, library))
    return Case(name=case.name, kind=case.kind, patient=sentences(case.given), outcomes=outcomes)


def cases_of(kind: Kind, name: str, library: Library) -> tuple[CaseGroup, ...]:
    """The cases of a recommendation, guard or state, by kind."""
    found = [*_cases_of(kind, name, library)]
    return tuple(
        CaseGroup(heading=heading, cases=tuple(case_of(case, library) for case in found if case.kind == word))
        for word, heading in KINDS.items()
        if any(case.kind == word for case in found)
    )


def _cases_of(kind: Kind, name: str, library: Library) -> Iterator[GoldenCase]:
    """Its own cases, and the worked ones that it decides."""
    read = library.cases_of_file
    match kind:
        case Kind.RECOMMENDATION:
            yield from (case for case in read(f"{name}.yaml") if case.rule == name)
        case Kind.GUARD:
            yield from (case for case in read(f"guards/{name}.yaml") if case.guard == name)
            worked = read(f"guards/{WORKED}")
            yield from (case for case in worked if name in [guard.id for guard in case.expect.guards])
        case _:
            cases = (*read("states.yaml"), *read(WORKED))
            yield from (case for case in cases if case.expect.state == name)


def _at_chart_open(case: GoldenCase, library: Library) -> Iterator[Outcome]:
    expect = case.expect
    if expect.state is not None:
        detail = listed(list(expect.sub_facts)) if expect.sub_facts else None
        yield Outcome(says="state", about=library.link(Kind.STATE, expect.state), detail=detail)
    yield from _shown(expect, library)
    for name in (name for name in expect.hide if name not in expect.withheld):
        yield Outcome(says="not shown", about=library.link(Kind.RECOMMENDATION, name))
    for name, reason in expect.withheld.items():
        link = library.link(Kind.RECOMMENDATION, name)
        yield Outcome(says="not shown", about=link, detail=_WITHHELD[reason])
    yield from (Outcome(says=f"data gap {gap}") for gap in expect.gaps)


def _shown(expect: Expected, library: Library) -> Iterator[Outcome]:
    if expect.only == ():
        yield Outcome(says="nothing is shown")
    described = (*expect.variant, *expect.proposals, *expect.dates, *expect.numbers, *expect.urgency)
    only = expect.only or ()
    for name in dict.fromkeys((*filter(None, (expect.first,)), *expect.show, *only, *described)):
        details = [*_details(name, expect)]
        yield Outcome(
            says="shown, and nothing else" if only == (name,) else "shown",
            about=library.link(Kind.RECOMMENDATION, name),
            detail="; ".join(details) or None,
        )
    if len(only) > 1:
        yield Outcome(says="nothing else is shown")
    if expect.recommended is not None and expect.recommended not in expect.show:
        link = library.link(Kind.RECOMMENDATION, expect.recommended)
        yield Outcome(says="marked as the best next step", about=link)


def _details(name: str, expect: Expected) -> Iterator[str]:
    if expect.first == name:
        yield "first of all"
    if expect.recommended == name and name in expect.show:
        yield "marked as the best next step"
    if name in expect.urgency:
        yield _URGENCY[expect.urgency[name]]
    if name in expect.variant:
        yield f"in the words of {expect.variant[name].replace('-', ' ')}"
    if name in expect.proposals:
        proposals = [proposal.replace("-", " ") for proposal in expect.proposals[name]]
        yield f"order: {listed(proposals)}" if proposals else "without an order"
    for key, day in expect.dates.get(name, {}).items():
        yield f"{words_for(key)}: {when(day)}"
    for key, number in expect.numbers.get(name, {}).items():
        yield f"{words_for(key)}: {figure(number)}"


def _of_orders(expect: Expected, library: Library) -> Iterator[Outcome]:
    several = len({guard.draft for guard in expect.guards}) > 1
    for guard in expect.guards:
        details = [*_fired(guard)]
        if several:
            details.append(f"on {guard.draft.replace('-', ' ')}")
        link = library.link(Kind.GUARD, guard.id)
        yield Outcome(says="fires", about=link, detail="; ".join(details) or None)
    for name in expect.not_guards:
        yield Outcome(says="does not fire", about=library.link(Kind.GUARD, name))
    if expect.only_guards:
        yield Outcome(says="no other guard fires" if expect.guards else "no guard fires")


def _fired(guard: ExpectedGuard) -> Iterator[str]:
    level = f", {guard.level.replace('-', ' ')}" if guard.level else ""
    yield f"{_URGENCY[guard.urgency]}{level}"
    yield from (f"{words_for(key)}: {when(day)}" for key, day in guard.dates.items())
    yield from (f"{words_for(key)}: {figure(number)}" for key, number in guard.numbers.items())
    if guard.actions is not None:
        offered = [_action(action, marked=action == guard.recommended) for action in guard.actions]
        yield f"offers {listed(offered)}" if offered else "offers nothing"
    elif guard.recommended is not None:
        yield f"offers {_action(guard.recommended, marked=True)}"


def _action(action: str, *, marked: bool) -> str:
    kind, _, rule = action.partition(":")
    words = {"delete": "to take the order back", "update": "to change the order"}.get(kind)
    words = words or f"to order instead: {rule.replace('-', ' ')}"
    return f"{words} (the safest)" if marked else words
