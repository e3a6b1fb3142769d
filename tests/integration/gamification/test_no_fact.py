"""No request of a learner raises XP without a fact, whatever it is and however often it is sent.

CALLS sets how often; 1,000 take half a minute.
"""

import asyncio
import os
import sqlite3
from contextlib import closing

import pytest
from litestar import Litestar
from sqlalchemy.engine import make_url

from storage.database.engine import Database
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeAccount
from tests.integration.access.asking import send_request
from tests.integration.access.bodies import BODIES, Body
from tests.integration.access.scene import make_scene, routes
from tests.integration.gamification.earning import facts_of, learned_on, settled, xp_of
from tests.world.builder import World

CALLS = int(os.environ.get("CALLS", "200"))
AT_ONCE = 20
ADMINISTRATION = ("/admin", "/api/admin", "/api/gamification/admin")


def documented(app: Litestar) -> set[str]:
    """Operations of the OpenAPI document, as in `GET /api/courses/{course_id}`."""
    paths = app.openapi_schema.to_schema()["paths"]
    methods = ("get", "post", "put", "patch", "delete")
    return {
        f"{method.upper()} {path}" for path, item in paths.items() for method in methods if method in item
    }


def of_learners(app: Litestar) -> list[str]:
    """Every operation and every form of a page that is not the administration's."""
    forms = {route for route in routes(app) if not route.startswith(("GET /", "HEAD /"))}
    wanted = sorted(documented(app) | forms)
    return [route for route in wanted if not route.partition(" ")[2].startswith(ADMINISTRATION)]


@pytest.mark.long
async def test_every_operation_as_a_learner(app: Litestar, world: World, make_account: MakeAccount) -> None:
    """Each twice: the second time with the same content."""
    scene = await make_scene(app, world, make_account)
    assert documented(app) <= set(routes(app))
    rose = set()
    known = {name: await settled(world.database, scene.people[name].id) for name in ("outsider", "learner")}
    with closing(sqlite3.connect(str(make_url(world.database.url).database))) as beside:

        def version() -> int:
            """Another one after each commit of anybody else; without a commit there is no XP either."""
            return int(beside.execute("PRAGMA data_version").fetchone()[0])

        for route in of_learners(app):
            method, _, path = route.partition(" ")
            for name in known:
                ids, cookie = await scene.ids(path), await scene.cookie(name)
                person, body = scene.people[name], BODIES.get(route, Body()).filled(ids)
                if await facts_of(world.database, person.id) != known[name][1]:  # by the scene
                    known[name] = await settled(world.database, person.id)
                for _ in range(2):
                    before = version()
                    await send_request(app, method, path.format(**ids), body.content, body.headers | cookie)
                    if version() == before:
                        continue
                    xp, facts = await settled(world.database, person.id)
                    assert xp <= known[name][0] or facts > known[name][1], f"{route} as {name}: {xp} XP"
                    if xp > known[name][0]:
                        rose.add(route)
                    known[name] = xp, facts
    # Without these the walk would show nothing.
    assert {"POST /api/lessons/{lesson_id}/posts", "POST /api/courses/{course_id}/reviews"} <= rose


@on_both_databases
async def test_many_calls_change_nothing(learner: Account, world: World, database: Database) -> None:
    await world.completed(await world.lesson(), learner)
    await learned_on(database, learner.id, ["2026-11-19", "2026-11-20"])
    before = await settled(database, learner.id)
    limit = asyncio.Semaphore(AT_ONCE)

    async def call(number: int) -> int:
        path = ("streak/update", "achievements/check")[number % 2]
        async with limit:
            return (await learner.api.post(f"/api/gamification/{path}")).status_code

    assert set(await asyncio.gather(*map(call, range(CALLS)))) == {200}
    assert await settled(database, learner.id) == before


@on_both_databases
async def test_calls_of_somebody_who_did_nothing(learner: Account, database: Database) -> None:
    for path in ("streak/update", "achievements/check", "celebrations"):
        answer = await learner.api.post(f"/api/gamification/{path}", json={})
        assert answer.status_code == 200
    assert await settled(database, learner.id) == (0, 0)


@on_both_databases
async def test_posting_and_deleting_again_and_again(
    learner: Account, world: World, database: Database, held_clock: HeldClock
) -> None:
    course = await world.course(learners=[learner])
    lesson = await world.lesson(course, text="Light.")
    await learned_on(database, learner.id, ["2026-11-20"])
    before = await xp_of(database, learner.id)
    for number in range(12):
        held_clock.advance(minutes=11)
        answer = await learner.api.post(f"/api/lessons/{lesson.id}/posts", json={"text": "What is a ray?"})
        assert answer.status_code == 201
        deleted = await learner.api.delete(f"/api/posts/{answer.json()['id']}")
        assert (deleted.status_code, number) == (204, number)
    assert await xp_of(database, learner.id) == before  # Sunday is a day off
