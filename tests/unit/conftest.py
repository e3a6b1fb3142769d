"""Unit tests use no network: an attempt fails the test, also when the code catches the error."""

import socket
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Refuses name lookups, connections and sockets other than the Unix pairs that asyncio needs."""
    attempts: list[str] = []
    create = socket.socket.__init__

    def refuse(*what: object) -> int:
        attempts.append(str(what))
        raise PermissionError(f"A unit test uses no network: {what}")

    def new(
        self: socket.socket, family: int = -1, kind: int = -1, protocol: int = -1, fileno: int | None = None
    ) -> None:
        if family != socket.AF_UNIX and fileno is None:
            refuse("socket", family)
        create(self, family, kind, protocol, fileno)

    monkeypatch.setattr(socket.socket, "__init__", new)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield attempts
    assert attempts == []
