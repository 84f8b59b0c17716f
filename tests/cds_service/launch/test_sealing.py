"""What is sealed is opened by the same key, for the same purpose, and unchanged."""

from hypothesis import given
from hypothesis import strategies as st

from cds_service.launch.sealing import Seal

KEY, OLD = b"k" * 32, b"o" * 32


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_can_be_opened(content: bytes, purpose: str) -> None:
    seal = Seal([KEY])

    purpose = purpose.encode("utf-8", "replace").decode()
    assert seal.opened(seal.sealed(content, purpose), purpose) == content


@given(st.text(max_size=100))
def test_what_is_not_sealed_is_not_opened(text: str) -> None:
    assert Seal([KEY]).opened(text, "x") is None


def test_it_is_sealed_differently_each_time() -> None:
    seal = Seal([KEY])

    assert seal.sealed(b"same", "x") != seal.sealed(b"same", "x")


def test_it_is_opened_for_its_purpose_alone() -> None:
    seal = Seal([KEY])

    assert seal.opened(seal.sealed(b"x", "one"), "other") is None


def test_an_older_key_still_opens_and_the_newest_seals() -> None:
    before, after = Seal([OLD]), Seal([KEY, OLD])

    assert after.opened(before.sealed(b"x", "p"), "p") == b"x"
    assert before.opened(after.sealed(b"x", "p"), "p") is None
