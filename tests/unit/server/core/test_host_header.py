"""Host headers that name a host, and others."""

import pytest

from server.core.web.middleware.host_header import is_host


@pytest.mark.parametrize(
    "value",
    [b"localhost", b"localhost:8000", b"media.example.edu", b"xn--mnchen-3ya.de:443", b"[::1]:8000", b"a_b"],
)
def test_hosts(value: bytes) -> None:
    assert is_host([value])


@pytest.mark.parametrize(
    "value",
    [
        b"localhost:99999999",
        b"localhost:65536",
        b"a:b",
        b"::::",
        b"[::1",
        b"a@b",
        b"a/b",
        b"a b",
        b"\xff",
        b"",
    ],
)
def test_other_values(value: bytes) -> None:
    assert not is_host([value])


def test_one_or_none() -> None:
    assert is_host([])
    assert not is_host([b"a", b"a"])
