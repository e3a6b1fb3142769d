"""Erasure as administrators ask for it: the page with its confirmation, the command, the task."""

import subprocess
import sys
from pathlib import Path

from litestar import Litestar
from sqlalchemy import func, select

from server.operations.privacy.erasing import service
from storage.database import migrations
from storage.database.tables import Erasure, LeaderboardCount, LeaderboardRow, User
from tests.fixtures.database import open_sqlite
from tests.fixtures.web import MakeAccount
from tests.world.biography import EMAIL, NAME, add_biography
from tests.world.builder import World
from tests.world.clock import START


async def test_page_erases_after_the_name_was_typed(world: World, make_account: MakeAccount) -> None:
    person = await add_biography(world)
    root = await make_account("administrator", "root@example.edu", "Grace Hopper")
    here = f"/admin/people/{person.id}/erase"
    assert "What stays" in (await root.browser.get(here)).text
    wrong = await root.browser.post(here, data={"name": "Ada"})
    assert (wrong.status_code, "Nothing was erased" in wrong.text) == (422, True)
    assert (await root.browser.post(here, data={"name": NAME.lower()})).status_code == 303
    for gone in (here, f"/admin/people/{person.id}"):
        assert (await root.browser.get(gone)).status_code == 404
    people = (await root.browser.get("/admin/people")).text
    assert "erased.invalid" not in people
    assert NAME not in people
    own = f"/admin/people/{root.id}/erase"
    refused = await root.browser.post(own, data={"name": "Grace Hopper"})
    assert (refused.status_code, "Another administrator can" in refused.text) == (409, True)


async def test_task_goes_on_with_what_a_request_has_begun(world: World, app: Litestar) -> None:
    person = await add_biography(world)
    await service.begin(world.database, person.id, START, by=None)
    async with world.database.read() as session:  # nobody sees them from then on
        assert await session.scalar(select(func.count()).select_from(LeaderboardRow)) == 0
        assert await session.scalar(select(func.count()).select_from(LeaderboardCount)) == 0
    told = await service.go_on(app.state.services, START, START)
    assert told is not None
    async with world.database.read() as session:
        assert await session.get(User, person.id) is None
        assert (await session.scalars(select(Erasure))).all() == []
    assert await service.go_on(app.state.services, START, START) is None


async def test_command_asks_for_the_address_again(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "skillstudio.db")
    await migrations.upgrade(database)
    person = await add_biography(World(database))

    def erase(typed: str) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "server", "users", "erase", EMAIL, "--data", str(tmp_path))
        return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=60, check=False)

    refused = erase("somebody@example.edu\n")
    assert (refused.returncode, "Nothing was erased" in refused.stderr) == (1, True)
    done = erase(f"{EMAIL}\n")
    assert (done.returncode, "The person is erased." in done.stdout) == (0, True), done.stderr
    async with database.read() as session:
        assert await session.get(User, person.id) is None
    await database.close()
