"""Days of learning that the scheduled task pays, on both databases."""

from collections.abc import Collection
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from structlog.testing import capture_logs

from server.core.clock import local_day
from server.core.events import note_activity
from server.gamification.xp import ledger, tasks
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import ActivityDay, XpTransaction
from tests.fixtures.database import on_both_databases
from tests.integration.gamification.boards.earning import settle_in
from tests.integration.gamification.earning import xp_of
from tests.world.builder import World
from tests.world.clock import START

pytestmark = on_both_databases
MONDAY = START + timedelta(days=1)
NO_DAY = "0000-00-00"  # settling whoever learned on it fails


async def unpaid(database: Database) -> Collection[str]:
    async with database.read() as session:
        return set(await session.scalars(select(ActivityDay.user_id).where(~ActivityDay.settled)))


async def test_people_whose_settling_fails_hold_nobody_up(
    world: World, database: Database, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first, one in the middle and the last of several lots; they are paid once it no longer fails."""
    monkeypatch.setattr(tasks, "PEOPLE", 3)
    ids = sorted([(await world.person(f"P{number}")).id for number in range(8)])
    failing = {ids[0], ids[4], ids[7]}
    async with database.write() as session:
        await note_activity(session, ids, MONDAY)
        session.add_all(ActivityDay(user_id=user_id, day=NO_DAY, first_at=START) for user_id in failing)
    for told in ("Paid: 5; not paid, see the server's log: 3", "Paid: 0; not paid, see the server's log: 3"):
        with capture_logs() as logs:
            assert str(await tasks.pay_days(services, MONDAY, MONDAY)) == told
        assert {line["user_id"] for line in logs if line["log_level"] == "error"} == failing
        assert await unpaid(database) == failing
    assert [await xp_of(database, user_id) for user_id in ids] == [0 if one in failing else 20 for one in ids]
    async with database.write() as session:
        await session.execute(delete(ActivityDay).where(ActivityDay.day == NO_DAY))
    assert str(await tasks.pay_days(services, MONDAY, MONDAY)) == "Paid: 3"
    assert await tasks.pay_days(services, MONDAY, MONDAY) is None
    assert [await xp_of(database, user_id) for user_id in ids] == [20] * 8


@pytest.mark.parametrize(
    ("zone", "day_start_hour", "hour"),
    [("Pacific/Auckland", 4, 23), ("Pacific/Honolulu", 0, 22), ("Pacific/Honolulu", 18, 22)],
)
async def test_day_without_a_moment_counts_at_noon_of_the_institution(
    world: World, database: Database, zone: str, day_start_hour: int, hour: int
) -> None:
    """Noon UTC is the next day already in Auckland, and in Honolulu two o'clock in the night."""
    ada = await world.person("Ada")
    await settle_in(database, zone, day_start_hour)
    async with database.write() as session:
        await note_activity(session, [ada.id], MONDAY + timedelta(hours=36))  # a weekday everywhere
        await session.execute(update(ActivityDay).values(first_at=None))
        await ledger.settle(session, ada.id)
    async with database.read() as session:
        line = (await session.scalars(select(XpTransaction))).one()
    assert line.at.hour == hour
    assert local_day(line.at, zone, day_start_hour).isoformat() == line.local_day == line.subject
