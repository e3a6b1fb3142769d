"""Audit log: one entry for what an administrator does, none for reads, and the page that lists them."""

import csv
import io
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import func, select

from server.accounts.people import service as people
from server.accounts.schemas import PersonPatch
from server.core.audit.recording import record
from storage.database.engine import Database
from storage.database.tables import AuditEntry
from storage.states import Role
from storage.states.privacy import AuditAction
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import MakeAccount
from tests.integration.access.asking import send_request
from tests.integration.access.bodies import BODIES, Body, form, json
from tests.integration.access.scene import make_scene, routes
from tests.world.builder import World
from tests.world.clock import START

ADMINISTRATIVE = ("/admin/", "/api/admin/", "/api/people", "/api/institution")
# Routes for administrators that change nothing that anybody has to answer for, or nothing in this scene.
DRAFT, MEMBERS = "a draft: applying it is noted", "people of a team come and go as in courses"
NOTHING = "nothing changes in this scene"
LEFT_OUT = {  # routes for administrators without an entry
    **dict.fromkeys(
        (
            "POST /admin/achievements/new",
            "POST /admin/achievements/{achievement_id}",
            "POST /admin/calendar",
            "POST /admin/calendar/import",
            "POST /admin/rules",
            "POST /admin/rules/changes/{change_id}/discard",
        ),
        DRAFT,
    ),
    **dict.fromkeys(
        (
            "POST /admin/teams/{team_id}/list",
            "POST /admin/teams/{team_id}/people",
            "POST /admin/teams/{team_id}/people/{user_id}/remove",
            "POST /api/admin/teams/{team_id}/people",
            "DELETE /api/admin/teams/{team_id}/people/{user_id}",
        ),
        MEMBERS,
    ),
    **dict.fromkeys(
        (
            "DELETE /api/institution/logo",
            "POST /admin/institution/logo",
            "POST /admin/achievements/seed",
            "POST /admin/originals/keep",
            "POST /admin/retention",
        ),
        NOTHING,
    ),
}
CHANGING = {  # requests that change something, where those of the access matrix do not
    "POST /admin/boards": form(action="off"),
    "POST /admin/maintenance": form(mode="on", message="Disks", until=""),
    "POST /admin/people/{person_id}": form(name="Somebody", role="instructor"),
    "POST /admin/people/{person_id}/disabled": form(disabled="yes"),
    "PATCH /api/institution": json(name="Optics School"),
}


async def entries(database: Database) -> list[AuditEntry]:
    async with database.read() as session:
        return list(await session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id)))


async def count(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(AuditEntry)) or 0


async def test_each_route_of_administrators_writes_an_entry_and_no_read_does(
    app: Litestar, world: World, make_account: MakeAccount
) -> None:
    scene = await make_scene(app, world, make_account)
    cookie = await scene.cookie("administrator")
    silent, reading = [], []
    for route in routes(app):
        method, _, path = route.partition(" ")
        if not path.startswith(ADMINISTRATIVE):
            continue
        ids = await scene.ids(path)
        body = (BODIES | CHANGING).get(route, Body()).filled(ids)
        before = await count(world.database)
        answer = await send_request(app, method, path.format(**ids), body.content, body.headers | cookie)
        noted = await count(world.database) - before
        if method in ("GET", "HEAD"):
            reading += [route] if noted and not path.endswith("/data.zip") else []
        elif answer.status < 400 and not noted:
            silent.append(route)
    assert reading == []
    assert set(silent) - LEFT_OUT.keys() == set()
    found = await entries(world.database)
    assert {(one.actor_id, one.actor_name) for one in found if one.actor_id} == {
        (scene.people["administrator"].id, scene.people["administrator"].viewer.name)
    }


@on_both_databases
async def test_entries_say_who_changed_what_from_what(database: Database, world: World) -> None:
    root = await world.person("Grace Hopper", role=Role.ADMINISTRATOR, password="correct horse battery")
    ada = await world.person("Ada Lovelace")
    patch = PersonPatch(role="instructor", disabled=True, password="correct horse battery staple")
    for _ in range(2):
        await people.edit(database, ada.id, PersonPatch(role="instructor"), START, by=root.id)
    await people.edit(database, ada.id, patch, START, by=None)
    await people.edit(database, ada.id, PersonPatch(name="Ada King"), START, by=ada.id)
    found = [(one.actor_name, one.action, one.label, one.data) for one in await entries(database)]
    assert found == [
        (
            "Grace Hopper",
            AuditAction.ROLE_CHANGED,
            "Ada Lovelace",
            {"before": "learner", "after": "instructor"},
        ),
        ("", AuditAction.PERSON_DISABLED, "Ada Lovelace", {}),
        ("", AuditAction.PASSWORD_SET, "Ada Lovelace", {}),
    ]


async def test_what_is_rolled_back_leaves_no_entry(database: Database, world: World) -> None:
    root = await world.person("Grace Hopper", role=Role.ADMINISTRATOR, password="correct horse battery")
    with pytest.raises(Exception, match="At least one administrator"):
        await people.edit(database, root.id, PersonPatch(role="learner"), START, by=None)
    assert await count(database) == 0


@on_both_databases
async def test_page_and_file_filter_by_person_action_and_time(
    database: Database, world: World, make_account: MakeAccount
) -> None:
    root = await make_account("administrator", "root@example.edu", "Grace Hopper")
    ada = await world.person("=Ada_Lovelace")
    await people.edit(database, ada.id, PersonPatch(disabled=True), START, by=root.id)
    async with database.write() as session:
        for number in range(60):
            at = START.replace(day=1, hour=12, minute=number)
            await record(session, None, AuditAction.MAINTENANCE_ON, at, data={"what": f"{number}"})
    page = (await root.browser.get("/admin/audit")).text
    assert "61 entries" in page
    assert "Account disabled" in page
    assert "Page 1 of 2" in page
    for query in (f"person={ada.id}", "person=ada_l", f"person={root.id}", "person=grace"):
        assert "1 entry" in (await root.browser.get(f"/admin/audit?{query}")).text, query
    assert "No entries found" in (await root.browser.get("/admin/audit?person=adaxl")).text
    assert "60 entries" in (await root.browser.get("/admin/audit?action=maintenance_on")).text
    day = START.replace(day=1).date().isoformat()
    assert "60 entries" in (await root.browser.get(f"/admin/audit?first={day}&last={day}")).text
    for odd in ("first=0001-01-01&last=9999-12-31", "page=999999999", "action=nothing&person=%00"):
        assert (await root.browser.get(f"/admin/audit?{odd}")).status_code == 200
    for wrong, told in (
        ("first=2026-13-45", "“2026-13-45” is not a day."),
        ("last=abc", "“abc” is not a day."),
        ("action=nothing", "There is no “nothing” to choose here."),
        (f"first={day}&last=2001-01-01", "The last day is before the first"),
    ):
        assert told in (await root.browser.get(f"/admin/audit?{wrong}")).text
        assert (await root.browser.get(f"/admin/audit.csv?{wrong}")).status_code == 400
    rows = await downloaded(root, "")
    assert len(rows) == 61
    assert [row["label"] for row in rows if row["action"] == "person_disabled"] == ["'=Ada_Lovelace"]
    assert len(await downloaded(root, "?action=maintenance_on")) == 60


async def downloaded(account: Any, query: str) -> list[dict[str, str]]:
    answer = await account.browser.get(f"/admin/audit.csv{query}")
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
