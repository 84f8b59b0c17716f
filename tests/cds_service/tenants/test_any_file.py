"""Whatever stands in the file: tenants, or a refusal in words that repeats no value of it."""

import contextlib
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.tenants.loading import TenantsError, load_tenants
from cds_service.tenants.model import OrderCode, Override
from cds_service.tenants.tables import TenantTable, known_keys
from tests.cds_service.tenants.making import SETTINGS, SOUND, a_file, toml_table

MARK = "SECRET"
words = st.sampled_from(
    [MARK, f"https://{MARK}", f"http://a:{MARK}@b/c", f"https://x/{MARK}?{MARK}#", f"{MARK} "]
)
plain = st.one_of(words, st.integers(), st.booleans(), st.text(max_size=5).map(lambda text: MARK + text))
inner = st.dictionaries(
    st.sampled_from(
        [*known_keys(OrderCode), *known_keys(Override), "keys", "kty", "kid", "n", "e", "x", "crv"]
    ),
    st.one_of(plain, st.lists(plain, max_size=2)),
    max_size=4,
)
values = st.one_of(plain, st.lists(st.one_of(plain, inner), max_size=3), inner)


def written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return toml_table({"x": value}).removeprefix("{x = ").removesuffix("}")


def refusal(path: Path) -> str:
    """Why a file is refused; empty where it is not."""
    try:
        load_tenants(path, SETTINGS)
    except TenantsError as error:
        return str(error)
    return ""


@given(st.dictionaries(st.sampled_from(known_keys(TenantTable)), values, max_size=6))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_values_are_read_or_refused_without_being_repeated(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    text = "[tenants.a]\n" + "".join(f"{key} = {written(value)}\n" for key, value in content.items())

    assert MARK not in refusal(a_file(tmp_path, text))


@given(st.text(max_size=40), st.integers(0, len(SOUND)))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_with_anything_put_in_is_read_or_refused(tmp_path: Path, text: str, at: int) -> None:
    broken = SOUND[:at] + text + SOUND[at:]

    with contextlib.suppress(TenantsError, UnicodeEncodeError):
        assert load_tenants(a_file(tmp_path, broken), SETTINGS)


def test_a_refusal_is_what_the_property_above_sees(tmp_path: Path) -> None:
    assert "is missing" in refusal(a_file(tmp_path, f'[tenants.a]\ntitle = "{MARK}"\n'))
