"""Malformed ids and query parameters: refused with a sentence, and never accepted (fault 20).

More of the kind is generated in tests/integration/garbage.
"""

import msgspec
import pytest
from litestar import Litestar

from tests.fixtures.database import on_both_databases
from tests.fixtures.web import MakeAccount
from tests.integration.access.asking import Answer, send_request
from tests.integration.access.scene import AccessScene, make_scene, routes
from tests.world.builder import World

MALFORMED_IDS = ("x", "\x00", "é💥", "x" * 3000, "..", "' OR 1=1 --")


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
