import threading

import pytest

from cds_service.tenants.loading import TenantsError
from cds_service.tenants.registry import Registry


class Source:
    """Gives what it is told to; `faulty` raises."""

    def __init__(self) -> None:
        self.values = ("a",)
        self.faulty = False

    def load(self) -> tuple[str, ...]:
        if self.faulty:
            raise TenantsError("faulty")
        return self.values


def test_what_was_loaded_first_is_in_force_until_a_reload() -> None:
    source = Source()
    registry = Registry(source.load)

    source.values = ("b",)

    assert registry.current == ("a",)
    registry.reload()
    assert registry.current == ("b",)


def test_a_fault_is_raised_and_leaves_the_old_in_force() -> None:
    source = Source()
    registry = Registry(source.load)
    source.faulty = True

    with pytest.raises(TenantsError):
        registry.reload()

    assert registry.current == ("a",)


def test_a_fault_does_not_keep_the_next_reload_from_working() -> None:
    source = Source()
    registry = Registry(source.load)
    source.faulty = True
    with pytest.raises(TenantsError):
        registry.reload()
    source.faulty, source.values = False, ("b",)

    registry.reload()

    assert registry.current == ("b",)


def test_a_fault_at_the_start_is_raised() -> None:
    source = Source()
    source.faulty = True

    with pytest.raises(TenantsError):
        Registry(source.load)


def test_one_reload_runs_at_a_time_and_readers_see_whole_values() -> None:
    at_work = 0
    most = 0
    count = 0

    def load() -> tuple[int, ...]:
        nonlocal at_work, most, count
        at_work += 1
        most = max(most, at_work)
        count += 1
        value = (count,) * 50
        at_work -= 1
        return value

    registry = Registry(load)
    broken = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            if len(set(registry.current)) != 1:
                broken.append(registry.current)

    reader = threading.Thread(target=read)
    reader.start()
    reloaders = [threading.Thread(target=registry.reload) for _ in range(20)]
    for thread in reloaders:
        thread.start()
    for thread in reloaders:
        thread.join()
    done.set()
    reader.join()

    assert broken == []
    assert most == 1
    assert registry.current == (21,) * 50
