"""The pages of code lists and concepts: which codes mean what, where that was checked, what asks for it."""

from cds_service.knowledge_pages.kinds import Kind, Link
from cds_service.knowledge_pages.library import OVERRIDES, Library
from cds_service.knowledge_pages.names import system_words, titled
from cds_service.knowledge_pages.parts import Shown
from cds_service.knowledge_pages.relations import Relations
from pathway.codelists import CodeRow

_MATCHES = {
    "exact": "this code",
    "prefix": "this code and all below it",
    "ingredient": "every product of this ingredient",
    "text": "by its words",
}
ROLE_HEADINGS = {"medications-scd.csv": "ingredient", "opioid-mme.csv": "factor"}


class CodeShown(Shown, frozen=True, kw_only=True):
    """One row of a code list."""

    system: str
    system_name: str
    code: str
    display: str
    matches: str
    role: str
    verified: bool
    source: str | None = None
    note: str | None = None


class ListPart(Shown, frozen=True, kw_only=True):
    """The codes of a concept that stand in one code list."""

    code_list: Link
    codes: tuple[CodeShown, ...]


class ConceptPage(Shown, frozen=True, kw_only=True):
    """One concept, whole."""

    lists: tuple[ListPart, ...]
    used_by: tuple[Link, ...] = ()


class Listed(Shown, frozen=True, kw_only=True):
    """A concept within a code list."""

    concept: Link
    roles: tuple[str, ...]
    systems: tuple[str, ...]
    codes: int
    unverified: int = 0


class CodeListPage(Shown, frozen=True, kw_only=True):
    """One code list, whole."""

    file: str
    codes: int
    unverified: int
    concepts: tuple[Listed, ...]


def concept_page(name: str, library: Library, relations: Relations) -> ConceptPage:
    """All codes of a concept, list by list."""
    rows = library.concepts[name]
    files = dict.fromkeys(row.file for row in rows)
    return ConceptPage(
        lists=tuple(
            ListPart(
                code_list=library.link(Kind.CODE_LIST, file.removesuffix(".csv")),
                codes=tuple(_code(row) for row in rows if row.file == file),
            )
            for file in files
        ),
        used_by=relations.users_of_concepts.get(name, ()),
    )


def code_list_page(name: str, library: Library) -> CodeListPage:
    """The concepts of a code list."""
    rows = library.code_lists[name]
    kind = Kind.OVERRIDE_REASON if name == OVERRIDES else Kind.CONCEPT
    concepts: dict[str, list[CodeRow]] = {}
    for row in rows:
        if library.has(kind, row.concept):
            concepts.setdefault(row.concept, []).append(row)
    return CodeListPage(
        file=f"{name}.csv",
        codes=len(rows),
        unverified=sum(not row.verified for row in rows),
        concepts=tuple(
            Listed(
                concept=library.link(kind, concept),
                roles=tuple(sorted({_role(row) for row in own if row.file not in ROLE_HEADINGS})),
                systems=tuple(sorted({system_words(row.system) for row in own})),
                codes=len(own),
                unverified=sum(not row.verified for row in own),
            )
            for concept, own in concepts.items()
        ),
    )


def _code(row: CodeRow) -> CodeShown:
    return CodeShown(
        system=row.system,
        system_name=system_words(row.system),
        code=row.code,
        display=row.display,
        matches=_MATCHES[row.match],
        role=_role(row),
        verified=row.verified,
        source=row.source or None,
        note=row.note or None,
    )


def _role(row: CodeRow) -> str:
    if row.file == "opioid-mme.csv":
        return "not counted" if row.role == "none" else f"factor {row.role}"
    return titled(row.role.replace("-", " "))
