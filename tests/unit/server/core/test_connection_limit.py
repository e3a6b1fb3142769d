"""Which connections of an address are closed when it has too many."""

from collections.abc import Iterable, Mapping

from server.core.web.middleware.limits import connection_limit
from server.core.web.middleware.limits.connection_limit import Connection, Peer, excess


def held(count: int, address: str = "a") -> dict[str, list[Connection]]:
    return {address: [Connection(number, (address, number)) for number in range(count)]}


def closed(
    found: dict[str, list[Connection]],
    in_use: Iterable[Peer] = (),
    used: Mapping[Peer, float] | None = None,
) -> set[int]:
    return {one.peer[1] for many in excess(found, in_use, used or {}).values() for one in many}


def test_few_are_kept() -> None:
    assert closed(held(connection_limit.PER_ADDRESS) | held(connection_limit.PER_ADDRESS, "b")) == set()


def test_silent_ones_are_closed_first() -> None:
    used = {("a", number): 9.0 for number in range(500)}
    found = closed(held(connection_limit.PER_ADDRESS + 100), used=used)
    assert len(found) == 100
    assert min(found) >= 500


def test_those_idle_for_longest_are_closed_next() -> None:
    count = connection_limit.PER_ADDRESS + 100
    used = {("a", number): float(count - number) for number in range(count)}
    assert closed(held(count), used=used) == set(range(count - 100, count))


def test_requests_in_progress_are_kept() -> None:
    """However many they are, they close no idle one: that may be of somebody else behind the same address."""
    count = connection_limit.PER_ADDRESS + 100
    in_use = [("a", number) for number in range(count - 30)]
    assert closed(held(count), in_use, dict.fromkeys(in_use, 1.0)) == set()
