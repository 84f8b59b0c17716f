"""Libraries by version of their knowledge, with the pages made so far; each is made when it is asked for."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cached_property
from threading import Lock

from cds_service.knowledge_pages.attributes import AttributesPage, attributes_page
from cds_service.knowledge_pages.case_files import CasesOf
from cds_service.knowledge_pages.code_pages import code_list_page, concept_page
from cds_service.knowledge_pages.guard_page import guard_page
from cds_service.knowledge_pages.index import Index
from cds_service.knowledge_pages.kinds import Kind
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.number_page import threshold_page
from cds_service.knowledge_pages.parts import Shown
from cds_service.knowledge_pages.recommendation_page import recommendation_page
from cds_service.knowledge_pages.relations import Relations
from cds_service.knowledge_pages.small_pages import decision_aid_page, reason_page, statement_page, text_page
from cds_service.knowledge_pages.source_page import source_page
from cds_service.knowledge_pages.state_page import state_page
from pathway.codelists import CodeRow
from pathway.knowledge_base import KnowledgeBase

KEPT = 8  # versions of the knowledge: the packaged one, and sites that someone looks at
_MAKERS: Mapping[Kind, Callable[[str, Library, Relations], Shown]] = {
    Kind.STATE: state_page,
    Kind.RECOMMENDATION: recommendation_page,
    Kind.GUARD: guard_page,
    Kind.THRESHOLD: threshold_page,
    Kind.SOURCE: lambda name, library, _: source_page(name, library),
    Kind.CODE_LIST: lambda name, library, _: code_list_page(name, library),
    Kind.CONCEPT: concept_page,
    Kind.OVERRIDE_REASON: lambda name, library, _: reason_page(name, library),
    Kind.DECISION_AID: lambda name, library, _: decision_aid_page(name, library),
    Kind.STATEMENT: lambda name, library, _: statement_page(name, library),
    Kind.TEXT: lambda name, library, _: text_page(name, library),
}


class Edition:
    """The pages of one version of the knowledge."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.relations = Relations(library)
        self._pages: dict[tuple[Kind, str], Shown] = {}

    @cached_property
    def index(self) -> Index:
        """The index of all pages."""
        return Index(self.library)

    @cached_property
    def attributes(self) -> AttributesPage:
        """The source attributes of all interventions."""
        return attributes_page(self.library, self.relations)

    def page(self, kind: Kind, name: str) -> Shown:
        """One page, made at its first use.

        Raises:
            KeyError: there is none.
        """
        if not self.library.has(kind, name):
            raise KeyError(name)
        key = (kind, name)
        if key not in self._pages:
            self._pages[key] = _MAKERS[kind](name, self.library, self.relations)
        return self._pages[key]

    def kinds_of(self, name: str) -> tuple[Kind, ...]:
        """The kinds that have a page of this id, in the order of the index."""
        return tuple(kind for kind in Kind if self.library.has(kind, name))


class Shelf:
    """Editions by version."""

    def __init__(self, rows: tuple[CodeRow, ...], cases_of_file: CasesOf) -> None:
        self._rows = rows
        self._cases_of_file = cases_of_file
        self._editions: OrderedDict[str, Edition] = OrderedDict()
        self._lock = Lock()

    def edition(self, knowledge: KnowledgeBase) -> Edition:
        """The pages of this knowledge."""
        with self._lock:
            if knowledge.version not in self._editions:
                self._editions[knowledge.version] = Edition(
                    Library(knowledge, self._rows, self._cases_of_file)
                )
                if len(self._editions) > KEPT:
                    self._editions.popitem(last=False)
            self._editions.move_to_end(knowledge.version)
            return self._editions[knowledge.version]
