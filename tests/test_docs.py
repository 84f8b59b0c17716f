"""The pages say what is so: current, complete, with links that lead somewhere."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from cds_service.decision import Decider
from cds_service.envelope import read_request
from cds_service.errors import STATUS, STOPS_THE_START
from cds_service.hooks import services
from cds_service.samples import Samples
from cds_service.settings import READERS
from docs.generate import stale
from fhir_mappings.gathering import gather
from pathway.evaluation import CHECKS
from pathway.facts import GAP_CODES
from pathway.state import StateId

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "bench" / "README.md"])
ONE_SCREEN = 60  # lines
SAMPLE = "esi-repeat-window"
AS_OF = date(2026, 11, 2)


def text_of(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def anchors_of(page: str) -> set[str]:
    """What `#…` can lead to: headings as GitHub names them, and anchors of our own."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    named = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return named | set(re.findall(r'<a id="([^"]+)"', page))


@pytest.fixture(scope="module")
def decider() -> Decider:
    return Decider.load(ZoneInfo("UTC"))


def test_the_pages_made_from_the_knowledge_are_current(decider: Decider) -> None:
    assert stale(decider.knowledge, decider.rows) == [], "run `make docs` and commit the pages"


def test_a_page_that_says_something_else_is_noticed(decider: Decider) -> None:
    evidence = {
        name: replace(source, title="Another title") for name, source in decider.knowledge.evidence.items()
    }
    changed = replace(decider.knowledge, evidence=evidence)

    assert stale(changed, decider.rows) == ["pathway.md"]


def test_a_guard_that_says_something_else_is_noticed(decider: Decider) -> None:
    guards = {name: replace(guard, title="Another title") for name, guard in decider.knowledge.guards.items()}
    changed = replace(decider.knowledge, guards=guards)

    assert stale(changed, decider.rows) == ["guards.md"]


def test_every_setting_is_described() -> None:
    page = text_of("docs", "settings.md")

    assert [name for name in READERS if f"`{name}`" not in page] == []


def test_every_described_setting_exists() -> None:
    described = set(re.findall(r"^\| `(BACKPATH_\w+)`", text_of("docs", "settings.md"), re.MULTILINE))

    assert described == set(READERS)


def test_every_state_rule_threshold_and_source_is_on_the_clinicians_page(decider: Decider) -> None:
    page = text_of("docs", "pathway.md")
    knowledge = decider.knowledge
    names = [
        *(state.value for state in StateId),
        *knowledge.rules,
        *knowledge.thresholds,
        *knowledge.evidence,
    ]

    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_guard_is_on_the_page_of_the_guards_with_its_words_and_numbers(decider: Decider) -> None:
    page = text_of("docs", "guards.md")

    for guard in decider.knowledge.guards.values():
        said = [f'<a id="{guard.id}"></a>', guard.title, *(level.message for level in guard.levels.values())]
        said += [f"(`{name}`)" for name in guard.thresholds]
        assert [words for words in said if words not in page] == [], guard.id


def test_every_service_is_described(decider: Decider) -> None:
    page = text_of("docs", "reference.md")

    assert [s.id for s in services(decider.rows) if f"| POST `/cds-services/{s.id}` |" not in page] == []


def test_the_readme_names_every_hook(decider: Decider) -> None:
    page = text_of("README.md")

    assert [s.hook for s in services(decider.rows) if f"`{s.hook}`" not in page] == []


def test_every_statement_of_the_seed_is_on_the_clinicians_page(decider: Decider) -> None:
    page = text_of("docs", "pathway.md")

    assert [seed.statement for seed in decider.knowledge.seed.values() if seed.statement not in page] == []


def test_every_check_is_on_the_page_for_rule_writers() -> None:
    page = text_of("docs", "rules.md")

    assert [name for name in CHECKS if f"| `{name}` |" not in page] == []


def test_every_error_is_described() -> None:
    page = text_of("docs", "reference.md")

    assert [kind.__name__ for kind in {*STATUS, *STOPS_THE_START} if f"`{kind.__name__}`" not in page] == []


def test_every_data_gap_is_described() -> None:
    page = text_of("docs", "reference.md")

    assert [code for code in GAP_CODES if f"`{code}`" not in page] == []


def test_the_prefetch_table_is_that_of_every_service(decider: Decider) -> None:
    page = text_of("docs", "prefetch.md")
    described = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)`", page, re.MULTILINE))
    codes = re.search(r"```\n([\d,-]+)\n```", page)
    assert codes is not None
    described["observations"] += codes.group(1)

    assert [s.id for s in services(decider.rows) if s.prefetch != described] == []


def test_the_changelog_begins_with_the_version_of_the_project() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    versions = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", text_of("CHANGELOG.md"), re.MULTILINE
    )

    assert versions[0] == project["version"]


def test_every_decision_is_listed() -> None:
    index = text_of("docs", "adr", "README.md")
    decisions = [path.name for path in (DOCS / "adr").glob("0*.md")]

    assert decisions
    assert [name for name in decisions if f"({name})" not in index] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", page)

    dead = [link for link in links if not leads_somewhere(path, link)]

    assert dead == []


def leads_somewhere(page: Path, link: str) -> bool:
    if link.startswith(("http://", "https://")):
        return True  # of the web, and not asked here
    place, _, anchor = link.partition("#")
    target = (page.parent / place).resolve() if place else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in anchors_of(target.read_text(encoding="utf-8"))


def test_the_readme_shows_the_card_that_its_sample_gets(decider: Decider) -> None:
    shown = json.loads(re.findall(r"```json\n(.*?)```", text_of("README.md"), re.DOTALL)[0])
    request = Samples.load(decider.rows).request(SAMPLE, AS_OF)
    asked = read_request(request, hook="patient-view", development=True)

    answer = decider.decide(gather(asked.prefetch), patient_id=asked.patient_id, as_of=AS_OF)

    first = json.loads(answer.body())["cards"][0]
    assert f"/samples/{SAMPLE} " in text_of("README.md")
    assert shown["cards"][0]["summary"] == first["summary"]
    assert shown["cards"][0]["indicator"] == first["indicator"]
    label = shown["cards"][0]["suggestions"][0]["label"].rstrip("…")
    assert first["suggestions"][0]["label"].startswith(label)
    assert shown["extension"]["org.backpath"]["state"] == answer.advice.situation.state


def test_the_readme_shows_the_picture_of_the_workbench() -> None:
    """Taken by `make picture`."""
    picture = DOCS / "workbench.png"

    assert '<img src="docs/workbench.png"' in text_of("README.md")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert 20_000 < picture.stat().st_size < 200_000


def test_the_readme_is_one_screen() -> None:
    assert len(text_of("README.md").splitlines()) <= ONE_SCREEN


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "soak", "docs"])
def test_every_target_of_the_makefile_says_what_it_does(target: str) -> None:
    assert re.search(rf"^{target}:.*## [A-Z].*\.$", text_of("Makefile"), re.MULTILINE)


def test_every_target_has_a_sentence() -> None:
    makefile = text_of("Makefile")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None

    targets = phony.group(1).split()
    explained = re.findall(r"^([a-z]+):.*## [A-Z]", makefile, re.MULTILINE)

    assert sorted(targets) == sorted(explained)


@pytest.mark.parametrize("name", ["CPT", "SNOMED CT", "LOINC", "RxNorm", "ICD-10-CM", "HCPCS"])
def test_the_notice_names_every_code_system_with_its_terms(name: str) -> None:
    assert re.search(rf"^[^ ].*{name}", text_of("NOTICE"), re.MULTILINE)
