"""What a process remembers by itself."""

from cds_service.store.remembered import Remembered

NOW = 1000.0


def digest(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_what_was_added_is_known_until_it_expires() -> None:
    memory = Remembered()

    assert memory.add(digest(1), 1300, NOW)
    assert not memory.add(digest(1), 1300, NOW + 299)
    assert memory.add(digest(1), 1600, NOW + 300)


def test_memory_is_bounded_and_the_oldest_go_first() -> None:
    memory = Remembered(most=100)

    for number in range(1000):
        memory.add(digest(number), 1300, NOW)

    assert len(memory) <= 100
    assert not memory.add(digest(999), 1300, NOW)
    assert memory.add(digest(0), 1300, NOW)


def test_what_has_expired_is_forgotten_while_others_come() -> None:
    memory = Remembered()
    for number in range(100):
        memory.add(digest(number), 1300, NOW)

    for number in range(100, 200):
        memory.add(digest(number), 9000, 2000.0)

    assert {place for place, _ in memory.oldest(1000)} == {digest(number) for number in range(100, 200)}


def test_what_came_first_is_told_first_and_can_be_forgotten() -> None:
    memory = Remembered()
    for number in range(5):
        memory.add(digest(number), 1300, NOW)

    first = memory.oldest(2)
    memory.forget(place for place, _ in first)

    assert first == [(digest(0), 1300), (digest(1), 1300)]
    assert [place for place, _ in memory.oldest(9)] == [digest(2), digest(3), digest(4)]
