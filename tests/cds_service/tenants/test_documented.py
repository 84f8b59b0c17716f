"""docs/tenants.md: every key, and examples that are complete files, sound down to the knowledge."""

import re
from pathlib import Path

import pytest
from msgspec.structs import asdict

from cards.dialects import dialect
from cards.site_codes import SiteCode
from cds_service.memory.settings import SiteMemory
from cds_service.settings import Settings
from cds_service.tenants.loading import load_tenants
from cds_service.tenants.model import DialectName, Memory, OrderCode, Override
from cds_service.tenants.tables import TenantTable, known_keys
from cds_service.tenants.weaknesses import weaknesses
from pathway import overrides
from pathway.loading import load_code_rows, load_knowledge
from tests.cds_service.tenants.making import SETTINGS, a_file

PAGE = (Path(__file__).parents[3] / "docs" / "tenants.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_every_key_is_described_and_every_described_key_exists() -> None:
    described = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))

    shapes = (TenantTable, OrderCode, Override, Memory)
    assert described == {key for shape in shapes for key in known_keys(shape)}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("]")[0].strip("["))
def test_an_example_is_a_complete_file(tmp_path: Path, example: str) -> None:
    (tenant,) = load_tenants(a_file(tmp_path, example), SETTINGS)

    knowledge = load_knowledge()
    changes = [overrides.Override(**asdict(override)) for override in tenant.overrides]
    changed = overrides.overridden(knowledge, changes, load_code_rows())
    assert SiteMemory.of(tenant, changed).policy.periods.longest
    assert dialect(
        tenant.dialect, changed, order_codes=[SiteCode(**asdict(code)) for code in tenant.order_codes]
    )


def test_the_examples_stand_in_one_file_and_show_every_dialect(tmp_path: Path) -> None:
    tenants = load_tenants(a_file(tmp_path, "".join(EXAMPLES)), SETTINGS)

    assert {tenant.dialect for tenant in tenants} == set(DialectName)


def test_the_examples_are_not_weak_but_for_what_they_show(tmp_path: Path) -> None:
    tenants = load_tenants(a_file(tmp_path, "".join(EXAMPLES)), SETTINGS)

    told = {warning.partition(":")[0].rpartition(".")[2] for warning in weaknesses(tenants, SETTINGS)}
    assert told <= {"audiences", "jwks", "shadow", "rollout_percent"}


def test_the_examples_with_audiences_need_no_public_url(tmp_path: Path) -> None:
    for example in EXAMPLES:
        if "audiences" in example:
            assert load_tenants(a_file(tmp_path, example), Settings())
