"""Connections of a client that goes on after a refusal, against the real HTTP server."""

import pytest

from tests.fixtures.server_process import Campus
from tests.fixtures.tus import send

BODY = b"x" * 500_000


async def test_refusal_of_an_unread_body_ends_the_connection(campus: Campus) -> None:
    async with campus.client() as client:
        location = await campus.create(client, len(BODY) * 2)
        for _ in range(20):
            refused = await send(client, location, 7, BODY)
            assert (refused.status_code, refused.headers["connection"]) == (409, "close")
            assert (await client.head(location)).headers["upload-offset"] == "0"


@pytest.mark.parametrize("body", [b"", BODY])
async def test_connection_stays_open_when_the_body_was_read(campus: Campus, body: bytes) -> None:
    async with campus.client() as client:
        location = await campus.create(client, len(BODY) * 2)
        taken = await send(client, location, 0, body)
        assert taken.status_code == 204
        assert "connection" not in taken.headers
        assert "connection" not in (await client.get("/sign-in")).headers
