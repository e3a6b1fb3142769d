"""Export of one person's data: everything that knows them, nothing of others, no secrets."""

import csv
import io
import json
import zipfile

import pytest
from sqlalchemy import select

from server.operations.privacy.own_data import service
from server.operations.privacy.own_data.sources import SOURCES, Owner
from storage.database.base import Base
from storage.database.engine import Database
from storage.database.tables import AuditEntry, User
from storage.states.privacy import AuditAction
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import MakeAccount
from tests.world.biography import EMAIL, NAME, add_biography
from tests.world.builder import World
from tests.world.clock import START

LEFT_OUT = {
    "invitations": "a secret, and its end",
    "sign_in_failures": "a digest of the address",
    "erasures": "the person is gone within minutes",
    "watch_allowances": "figures for the next heartbeats",
    "segment_deliveries": "how media were delivered",
    **dict.fromkeys(("leaderboard_cache", "board_group_members"), "sums of xp"),
    "rule_change_people": "what a dry run has counted",
    "instructor_analytics": "sums of courses",
    **dict.fromkeys(("rule_changes", "xp_rules", "teams", "challenges"), "made for the institution"),
}
PERSONAL = ("user_id", "actor_id", "recipient", "email", "account", "scope")


def opened(data: bytes) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    return archive


async def file_of(database: Database, person: User) -> zipfile.ZipFile:
    owner = Owner(person.id, person.email)
    return opened(b"".join([block async for block in service.blocks(database, owner, START)]))


def test_every_table_that_knows_people_is_in_it_or_left_out_by_name() -> None:
    knowing = {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name in PERSONAL or any(key.column.table.name == "users" for key in column.foreign_keys)
    }
    told = {source.table.__tablename__ for source in SOURCES}
    assert knowing - told == LEFT_OUT.keys()


@on_both_databases
async def test_each_list_has_the_rows_of_the_person_alone(database: Database, world: World) -> None:
    person = await add_biography(world)
    archive = await file_of(database, person)
    assert set(archive.namelist()) == {"README.txt"} | {
        f"{source.name}.{suffix}" for source in SOURCES for suffix in ("json", "csv")
    }
    for source in SOURCES:
        rows = json.loads(archive.read(f"{source.name}.json"))
        assert rows, source.name
        assert set(rows[0]) == set(source.columns)
        table = list(csv.DictReader(io.StringIO(archive.read(f"{source.name}.csv").decode("utf-8-sig"))))
        assert len(table) == len(rows)
        if "user_id" in source.columns:
            assert {row["user_id"] for row in rows} <= {person.id, None}, source.name
    assert json.loads(archive.read("people.json"))[0]["email"] == EMAIL
    text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "Max Born" not in text
    assert "argon2" not in text
    assert "token_hash" not in text


async def test_much_data_comes_in_blocks(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 1)
    person = await add_biography(world)
    blocks = [block async for block in service.blocks(database, Owner(person.id, EMAIL), START)]
    assert len(blocks) > 2 * len(SOURCES)
    assert len(opened(b"".join(blocks)).namelist()) == 2 * len(SOURCES) + 1


async def test_own_page_and_page_of_administrators(
    database: Database, world: World, make_account: MakeAccount
) -> None:
    person = await add_biography(world)
    learner = await make_account("learner", "emmy@example.edu", "Emmy Noether")
    root = await make_account("administrator", "root@example.edu", "Grace Hopper")
    own = opened((await learner.browser.get("/account/data.zip")).content)
    assert json.loads(own.read("people.json"))[0]["id"] == learner.id
    theirs = await root.browser.get(f"/admin/people/{person.id}/data.zip")
    assert json.loads(opened(theirs.content).read("people.json"))[0]["name"] == NAME
    assert (await learner.browser.get(f"/admin/people/{person.id}/data.zip")).status_code == 403
    async with database.read() as session:
        log = select(AuditEntry.actor_id, AuditEntry.subject_id)
        exported = log.where(AuditEntry.action == AuditAction.PERSON_EXPORTED)
        assert [tuple(row) for row in await session.execute(exported)] == [(root.id, person.id)]
