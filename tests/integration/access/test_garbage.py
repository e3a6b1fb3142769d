"""Garbage to every route in every role: refused with a sentence, never a server error (fault 20)."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar import Litestar

from server.core.web.openapi import METHODS, described
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import MakeAccount
from tests.integration.access.asking import Answer, send_request
from tests.integration.access.bodies import TUS
from tests.integration.access.scene import PEOPLE, AccessScene, make_scene, routes
from tests.world.builder import World

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PARTS = {"content-type": "multipart/form-data; boundary=x"}

GARBAGE: tuple[tuple[bytes, dict[str, str]], ...] = (
    (b"", {}),
    (b"{", JSON),
    (b"null", JSON),
    (b'"\xff\xfe"', JSON),
    (b"[" * 5000, JSON),
    (b'{"title": 1e999}', JSON),
    (b"%00=%ff&title=%00&name=%00&email=%00&role=x&password=%00&status=%00&to=%00", FORM),
    (b"--x\r\nContent-Disposition: form-data; name=", PARTS),
    (b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\x00\r\n--x--\r\n', PARTS),
    (b"\x00" * 2000, {"content-type": "\x7f/;;=", "upload-offset": "-1", **TUS}),
    (b"", TUS | {"upload-length": "9" * 30, "upload-metadata": "lesson_id !!!,filename"}),
)
MALFORMED_IDS = ("x", "\x00", "é💥", "x" * 3000, "..", "' OR 1=1 --")
STRINGS = ("", "\x00", "x" * 20_000, "💥\u202e", "../../etc/passwd", "a@b")
NUMBERS = (-1, 0, 2**31, 2**63, 2**70, -(2**70))


def values(schema: dict[str, Any], shapes: dict[str, Any], turn: int) -> Any:
    """Extreme value that fits the schema; `turn` selects which."""
    if "$ref" in schema:
        shape = shapes[schema["$ref"].rpartition("/")[2]]
        return {name: values(field, shapes, turn) for name, field in shape["properties"].items()}
    if "oneOf" in schema:
        return values(schema["oneOf"][turn % len(schema["oneOf"])], shapes, turn)
    if schema.get("type") == "array":
        return [values(schema.get("items", {}), shapes, turn)] * (turn % 3)
    if schema.get("type") == "integer":
        return NUMBERS[turn]
    return STRINGS[turn] if schema.get("type") == "string" else turn % 2 == 0


def documented(app: Litestar) -> Iterator[tuple[str, str, list[bytes]]]:
    """Method, path and bodies that are valid by the OpenAPI document."""
    document = described(app)
    shapes = document["components"]["schemas"]
    for path, item in document["paths"].items():
        for method in METHODS:
            contents = item.get(method, {}).get("requestBody", {}).get("content", {})
            for content in contents.values():
                bodies = [values(content["schema"], shapes, turn) for turn in range(len(STRINGS))]
                yield method.upper(), path, [_encoded(body) for body in bodies]


def _encoded(body: Any) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (OverflowError, msgspec.MsgspecError):  # numbers valid in JSON and unsupported by msgspec
        return str(body).replace("'", '"').encode()


def check(where: str, answer: Answer) -> None:
    assert answer.status < 500, (where, answer.content[-2000:])
    assert b"Traceback" not in answer.content, where
    method, path = where.split()[:2]
    ours = path.startswith("/api/") and not path.startswith("/api/schema/")  # Litestar's own routes
    if ours and answer.status >= 400 and method != "HEAD":
        assert answer.kind == b"application/problem+json", where
        assert msgspec.json.decode(answer.content)["detail"], where


@pytest.fixture
async def scene(app: Litestar, world: World, make_account: MakeAccount) -> AccessScene:
    return await make_scene(app, world, make_account)


async def test_garbage_to_every_route(app: Litestar, scene: AccessScene) -> None:
    for route in routes(app):
        method, _, path = route.partition(" ")
        if path == "/health/ready":  # 503 is correct here: there is no queue
            continue
        ids = await scene.ids(path)
        cookies = {person: await scene.cookie(person) for person in PEOPLE}
        for turn, person in enumerate(PEOPLE):
            # Every route gets every body: each role sends every second one.
            bodies = GARBAGE[turn % 2 :: 2] if method not in ("GET", "HEAD") else GARBAGE[:1]
            for content, headers in bodies:
                answer = await send_request(
                    app, method, path.format(**ids), content, headers | cookies[person]
                )
                check(f"{route} {person} {content[:40]!r}", answer)


@on_both_databases
async def test_malformed_ids(app: Litestar, scene: AccessScene) -> None:
    for route in routes(app):
        method, _, path = route.partition(" ")
        if "{" not in path:
            continue
        ids = await scene.ids(path)
        cookie = await scene.cookie("administrator")
        for malformed in MALFORMED_IDS:
            answer = await send_request(
                app, method, path.format(**dict.fromkeys(ids, malformed)), b"", cookie
            )
            check(f"{route} {malformed[:20]!r}", answer)
            assert answer.status >= 300 or path.startswith("/api/schema"), (route, malformed)


@on_both_databases
@pytest.mark.parametrize(
    "query", ["offset=-1", "limit=0", "limit=1e9", "offset=" + "9" * 40, "role=%00", "search=%00%ff"]
)
async def test_malformed_query_parameters(app: Litestar, scene: AccessScene, query: str) -> None:
    for path in ("/api/people", "/admin/people", "/api/courses"):
        cookie = await scene.cookie("administrator")
        check(f"GET {path}?{query}", await send_request(app, "GET", f"{path}?{query}", b"", cookie))


@on_both_databases
async def test_extreme_values_in_valid_bodies(app: Litestar, scene: AccessScene) -> None:
    for method, path, bodies in documented(app):
        for person in PEOPLE:
            ids = await scene.ids(path)
            cookie = await scene.cookie(person)
            for body in bodies:
                filled = body.replace(b'"lesson_id":""', f'"lesson_id":"{ids["lesson_id"]}"'.encode())
                answer = await send_request(app, method, path.format(**ids), filled, JSON | cookie)
                check(f"{method} {path} {person} {filled[:80]!r}", answer)
