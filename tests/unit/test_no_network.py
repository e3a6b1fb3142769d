"""The guard of `conftest.py`: it refuses the network, and asyncio still works."""

import asyncio
import socket

import pytest


def test_network_is_refused(no_network: list[str]) -> None:
    with pytest.raises(PermissionError):
        socket.create_connection(("127.0.0.1", 9))
    with pytest.raises(PermissionError):
        socket.socket()
    with pytest.raises(PermissionError), socket.socket(socket.AF_UNIX) as local:
        local.connect("/tmp/none")
    assert len(no_network) == 3
    no_network.clear()


async def test_event_loop_works() -> None:
    assert await asyncio.to_thread(lambda: 1) == 1
