"""Maintenance mode: 503 for everybody but administrators, on all machines within two seconds; no new jobs."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from server.operations.upkeep.maintenance import MaintenanceState, current, turn_off, turn_on
from storage.database import migrations
from storage.database.engine import Database
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeClient
from tests.integration.pages.markup import faults
from tests.world.builder import World
from tests.world.clock import START
from tests.world.scenes import Academy
from transcoder.jobs import claiming
from transcoder.jobs.timing import Timing

HTML = {"accept": "text/html"}
PAGE = "/admin/maintenance"


@pytest.fixture
async def maintained(administrator: Account, academy: Academy) -> Account:
    """The administrator who has begun it."""
    answer = await administrator.browser.post(
        PAGE, data={"mode": "on", "message": "New disks & 100 % more room.", "until": "2099-01-01 06:00"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    return administrator


async def test_learners_and_instructors_read_the_notice(maintained: Account, academy: Academy) -> None:
    for person, path in ((academy.learner, "/dashboard"), (academy.teacher, f"{academy.lesson(0)}")):
        page = await person.browser.get(path, headers=HTML)
        assert (page.status_code, page.headers["retry-after"]) == (503, "3600")
        assert "no-store" in page.headers["cache-control"]
        assert faults(page.text) == []
        assert "New disks &amp; 100 % more room. Expected end:" in page.text
        assert (await person.browser.post("/account/name", data={"name": "x"})).status_code == 503


async def test_programs_get_a_problem_document(maintained: Account, academy: Academy) -> None:
    answer = await academy.learner.api.get("/api/courses")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "3600"
    assert answer.json()["detail"].startswith("New disks & 100 % more room. Expected end: ")


async def test_notice_is_in_the_readers_language(
    database: Database, make_client: MakeClient, administrator: Account
) -> None:
    await turn_on(database, "", "", START)
    client = await make_client(headers=HTML | {"accept-language": "de"})
    page = await client.get("/dashboard")
    assert page.status_code == 503
    assert '<html lang="de"' in page.text


async def test_uploads_are_to_be_tried_again(maintained: Account, academy: Academy) -> None:
    """A tus client goes on after 503."""
    headers = {
        "tus-resumable": "1.0.0",
        "upload-offset": "0",
        "content-type": "application/offset+octet-stream",
    }
    answer = await academy.teacher.api.patch("/api/video/upload/tus/0", headers=headers, content=b"data")
    assert answer.status_code == 503


async def test_administrators_probes_and_players_go_on(
    maintained: Account, academy: Academy, make_client: MakeClient
) -> None:
    for path in ("/admin", "/teach", academy.course, "/api/courses", PAGE):
        assert (await maintained.api.get(path)).status_code == 200
    anonymous: httpx.AsyncClient = await make_client()
    assert (await anonymous.get("/health/live")).status_code == 200
    assert (await anonymous.get("/sign-in", headers=HTML)).status_code == 200
    assert (await anonymous.get("/m/token/video/master.m3u8")).status_code == 403  # by its token, as always
    assert "/static/" in (await anonymous.get("/sign-in", headers=HTML)).text
    assert "Sign in as an administrator" in (await anonymous.get("/dashboard", headers=HTML)).text


async def test_end(maintained: Account, academy: Academy) -> None:
    page = (await maintained.browser.get(PAGE)).text
    assert faults(page) == []
    assert "On since" in page
    await maintained.browser.post(PAGE, data={"mode": "off"})
    assert (await academy.learner.browser.get("/dashboard")).status_code == 200
    assert "Maintenance since" not in (await maintained.browser.get("/admin")).text


async def test_wrong_time_is_told_beside_its_field(administrator: Account, app: Litestar) -> None:
    answer = await administrator.browser.post(
        PAGE, data={"mode": "on", "until": "tomorrow", "message": "Disks"}
    )
    assert answer.status_code == 422
    assert "Write a time, as in 18:30" in answer.text
    assert 'value="Disks"' in answer.text
    assert (await administrator.browser.get("/admin")).status_code == 200


@on_both_databases
async def test_state_is_read_once_a_second_and_seen_within_two(database: Database) -> None:
    seconds = 0.0
    here, elsewhere = [MaintenanceState(database, lambda: seconds) for _ in range(2)]
    assert await here.notice() is None
    assert await elsewhere.notice() is None
    await turn_on(database, "Disks", "", START)
    assert await elsewhere.notice() is None  # no read for each request
    here.forget()
    assert await here.notice() is not None
    seconds = 1.9
    found = await elsewhere.notice()
    assert found is not None
    assert found.message == "Disks"
    await turn_on(database, "Still disks", "", START)
    await turn_off(database, START)
    await turn_off(database, START)
    seconds = 3.8
    assert await elsewhere.notice() is None


async def test_unreachable_database_keeps_what_was_known(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OSError("no route to host")

    seconds = 0.0
    state = MaintenanceState(database, lambda: seconds)
    await turn_on(database, "Disks", "", START)
    assert await state.notice() is not None
    monkeypatch.setattr(database, "read", away)
    seconds = 9.0
    assert await state.notice() is not None


@on_both_databases
async def test_workers_take_no_new_jobs(database: Database) -> None:
    world = World(database)
    await world.video(await world.lesson(), state="waiting")
    await turn_on(database, "", "", START)
    assert await claiming.claim_next(database, "quick", "a/1", START, Timing()) is None
    await turn_off(database, START)
    assert await claiming.claim_next(database, "quick", "a/1", START, Timing()) is not None


async def test_command(tmp_path: Path, held_clock: HeldClock) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'skillstudio.db'}")
    await migrations.upgrade(database)

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "server", "maintenance", *arguments, "--data", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout + done.stderr

    assert run("status") == "Maintenance is off.\n"
    on = run("on", "--message", "New disks.", "--until", "2099-01-01 06:00")
    assert on.startswith("Maintenance is on since ")
    assert on.endswith("expected end 2099-01-01 06:00 (UTC).\nNew disks.\n")
    assert run("status") == on
    assert "Write a time" in run("on", "--until", "soon")
    assert run("off") == "Maintenance is off.\n"
    async with database.read() as session:
        assert await current(session) is None
    await database.close()
