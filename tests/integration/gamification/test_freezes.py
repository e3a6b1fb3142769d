"""Freezes are told by lines of the ledger, which late days take back."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from server.core.events import note_activity
from server.gamification.xp import ledger
from storage.database.engine import Database
from storage.database.tables import (
    XpTransaction,
)
from storage.states import XpRule
from tests.fixtures.database import on_both_databases
from tests.integration.gamification.changing import standing
from tests.world.builder import World
from tests.world.clock import START

pytestmark = on_both_databases


async def test_day_that_arrives_late_takes_the_freeze_back_by_a_line(
    world: World, database: Database
) -> None:
    """A freeze of seven weekdays covers a Wednesday, which then turns out to be learned."""
    ada = await world.person("Ada")
    wednesday = 9
    await learn(database, ada.id, (0, 1, 2, 3, 4, 7, 8, 10))
    used, earned = "2026-12-02", "2026-12-01"
    held = [(XpRule.FREEZE_EARNED, earned, "earned"), (XpRule.FREEZE_USED, used, "earned")]
    assert await told(database, ada.id) == held
    before = await standing(database)
    await learn(database, ada.id, (wednesday,))
    await learn(database, ada.id, ())
    assert await told(database, ada.id) == [*held, (XpRule.FREEZE_USED, f"{used}#1", "taken_back")]
    assert (await standing(database))[ada.id][0] == before[ada.id][0] + 20


async def test_day_that_arrives_late_moves_the_day_on_which_a_freeze_is_earned(
    world: World, database: Database
) -> None:
    """Without the first Friday the seventh day comes a week later."""
    ada = await world.person("Ada")
    await learn(database, ada.id, (0, 1, 2, 3, 7, 8, 9, 10, 11, 14, 15, 16))
    assert await told(database, ada.id) == [(XpRule.FREEZE_EARNED, "2026-12-08", "earned")]
    await learn(database, ada.id, (4,))
    assert await told(database, ada.id) == [
        (XpRule.FREEZE_EARNED, "2026-12-08", "earned"),
        (XpRule.FREEZE_EARNED, "2026-12-01", "earned"),
        (XpRule.FREEZE_EARNED, "2026-12-08#1", "taken_back"),
    ]


async def learn(database: Database, user_id: str, days: Sequence[int]) -> None:
    """On days counted from the Monday after START."""
    async with database.write() as session:
        for day in days:
            await note_activity(session, [user_id], START + timedelta(days=day + 1))
        await ledger.settle(session, user_id)


async def told(database: Database, user_id: str) -> list[tuple[XpRule, str, str]]:
    """Lines of freezes, in their order."""
    freezes = XpTransaction.rule.in_((XpRule.FREEZE_EARNED, XpRule.FREEZE_USED))
    async with database.read() as session:
        rows = await session.scalars(
            select(XpTransaction).where(XpTransaction.user_id == user_id, freezes).order_by(XpTransaction.id)
        )
        return [(row.rule, row.subject, str(row.reason)) for row in rows]
