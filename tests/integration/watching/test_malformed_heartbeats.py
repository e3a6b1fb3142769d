"""Heartbeats that are refused before anything is read from the database."""

import httpx
import msgspec
import pytest

from tests.fixtures.database import on_both_databases
from tests.integration.watching.test_heartbeats import TRACK, beat

pytestmark = on_both_databases

MALFORMED = {
    "no JSON": (b"{", 400),
    "no token": (b'{"session":"0123456789abcdef","seq":0}', 400),
    "not a number": (
        b'{"token":"t","session":"0123456789abcdef","seq":0,"events":[{"from":NaN,"to":1}]}',
        400,
    ),
    "negative": (b'{"token":"t","session":"0123456789abcdef","seq":-1}', 400),
    "deep": (b"[" * 20_000, 400),
    "long": (b" " * 70_000, 413),
    "many": (msgspec.json.encode([beat("t", n) for n in range(51)]), 400),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_heartbeat_is_refused(client: httpx.AsyncClient, name: str) -> None:
    body, status = MALFORMED[name]
    answer = await client.post(TRACK, content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_other_methods_are_refused_with_a_sentence(client: httpx.AsyncClient) -> None:
    refused = await client.patch(TRACK, json={})
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert "does not accept this method" in refused.json()["detail"]
