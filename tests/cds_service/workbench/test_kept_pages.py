"""Pages that came from a form have an address: a reload shows them again and sends nothing."""

import os

import pytest

from cds_service.workbench.kept_pages import MOST_PAGES, KeptPages
from tests.cds_service.workbench.bench import Bench


def test_a_page_is_found_by_its_id_alone() -> None:
    pages = KeptPages()
    first, second = pages.keep(b"first"), pages.keep(b"second")
    assert first is not None
    assert second is not None

    assert (pages.kept(first), pages.kept(second)) == (b"first", b"second")
    assert pages.kept("0" * 32) is None
    assert pages.kept("../etc/passwd") is None


def test_the_oldest_make_room_and_none_is_ever_given_for_another() -> None:
    pages = KeptPages(most_bytes=1000)
    sizes = [300, 400, 200, 90, 300]  # the last begins anew, over the first
    ids = [str(pages.keep(bytes([number]) * size)) for number, size in enumerate(sizes)]

    found = [pages.kept(page_id) for page_id in ids]

    assert found == [None, b"\x01" * 400, b"\x02" * 200, b"\x03" * 90, b"\x04" * 300]


def test_no_more_than_so_many_are_kept() -> None:
    pages = KeptPages()
    ids = [pages.keep(str(number).encode()) for number in range(MOST_PAGES + 1)]

    assert pages.kept(str(ids[0])) is None
    assert pages.kept(str(ids[1])) == b"1"
    assert pages.kept(str(ids[-1])) == str(MOST_PAGES).encode()


def test_a_page_that_is_too_large_is_not_kept() -> None:
    pages = KeptPages(most_bytes=10)

    assert pages.keep(b"x" * 11) is None
    assert pages.keep(b"x" * 10) is not None


def test_what_one_worker_keeps_another_shows() -> None:
    pages = KeptPages()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, str(pages.keep(b"of the child")).encode())
        os._exit(0)
    os.waitpid(child, 0)

    assert pages.kept(os.read(read, 32).decode()) == b"of the child"
    os.close(read)
    os.close(write)


@pytest.mark.parametrize("path", ["day", "another", "order", "what-if"])
def test_a_form_leads_to_a_page_with_an_address(bench: Bench, path: str) -> None:
    bench.open("esi-waiting")
    fields = {"state": bench.packed, "step": "+1", "order": "esi", "fact": "mri"}

    response = bench.client.post(f"/workbench/{path}", data=fields)

    assert response.status_code == 303
    assert response.headers["Location"].startswith("/workbench/page/")


def test_a_reload_after_accepting_shows_the_same_and_reports_nothing_again(bench: Bench) -> None:
    bench.open("esi-waiting").post("another")
    fields = {"state": bench.packed, "suggestion": bench.suggestion("Book a follow-up")}
    address = bench.client.post("/workbench/accept", data=fields).headers["Location"]

    first = Bench(bench.client).took(bench.client.get(address))
    again = Bench(bench.client).took(bench.client.get(address))

    assert "Feedback was kept." in first.done
    assert first.text == again.text
    assert first.state.request["hookInstance"] == again.state.request["hookInstance"]


def test_a_page_that_is_not_kept_any_more_says_so(bench: Bench) -> None:
    response = bench.client.get("/workbench/page/5f0c")

    assert response.status_code == 410
    assert "This page is not kept any more." in response.text
