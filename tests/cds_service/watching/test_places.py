"""Each process has a place of its own, and a dead one's is taken over."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from cds_service.watching.places import PREFIX, YOUNG_S, Place, make_folder


def test_two_places_are_two(tmp_path: Path) -> None:
    first, second = Place(tmp_path), Place(tmp_path)

    assert (first.number, second.number) == (0, 1)


def test_a_place_that_was_left_is_taken_again(tmp_path: Path) -> None:
    first, second = Place(tmp_path), Place(tmp_path)

    first.leave()

    assert Place(tmp_path).number == first.number
    assert second.number == 1


def test_the_place_of_a_killed_process_is_taken_again(tmp_path: Path) -> None:
    ours = Place(tmp_path)
    pid = _forked(lambda: (Place(tmp_path), signal.pause()))
    while not (tmp_path / "1.lock").exists():
        pass

    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

    assert (ours.number, Place(tmp_path).number) == (0, 1)


def test_the_folder_is_for_the_user_alone(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.iterdir()) == []


def test_a_folder_that_was_left_behind_is_removed(tmp_path: Path) -> None:
    left = make_folder(tmp_path)
    Place(left).leave()
    _age(left)

    make_folder(tmp_path)

    assert not left.exists()


def test_a_folder_in_use_stays(tmp_path: Path) -> None:
    used = make_folder(tmp_path)
    place = Place(used)
    _age(used)

    make_folder(tmp_path)

    assert used.exists()
    place.leave()


def test_a_young_folder_stays(tmp_path: Path) -> None:
    young = make_folder(tmp_path)

    make_folder(tmp_path)

    assert young.exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    _age(elsewhere)

    make_folder(tmp_path)

    assert (elsewhere / "kept").exists()


def _age(folder: Path) -> None:
    then = folder.stat().st_mtime - YOUNG_S - 1
    os.utime(folder, (then, then))


def _forked(work: Callable[[], object]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid
