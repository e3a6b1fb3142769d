"""Places on the boards: ranks, ties, neighbours, hidden names, staff, periods."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.people.service import edit
from server.accounts.schemas import PersonPatch
from server.gamification.boards import people, ranks, service
from server.gamification.boards.ranks import Board
from server.gamification.boards.schemas import Leaderboard, Place
from storage.database.engine import Database
from storage.database.tables import LeaderboardCount, LeaderboardRow, User
from storage.states import Role, Timeframe
from tests.fixtures.database import on_both_databases
from tests.integration.gamification.boards.earning import earn_times, settle_in, viewer_of
from tests.world.builder import World
from tests.world.clock import START

pytestmark = on_both_databases
ALL_TIME = Board(Timeframe.ALL_TIME, "")


async def board(
    database: Database,
    viewer: User,
    timeframe: Timeframe = Timeframe.ALL_TIME,
    now: datetime = START,
    limit: int = 100,
) -> Leaderboard:
    async with database.read() as session:
        return await service.leaderboard(session, viewer_of(viewer), timeframe, now, limit)


def told(places: Sequence[Place]) -> list[tuple[int, str, int]]:
    return [(place.rank, place.name, place.xp) for place in places]


async def test_ties_share_a_rank_and_leave_a_gap(world: World, database: Database) -> None:
    ada, emmy, grace, max_ = [await world.person(name) for name in ("Ada", "Emmy", "Grace", "Max")]
    await earn_times(database, grace.id, 2, START + timedelta(minutes=5))
    await earn_times(database, emmy.id, 2, START)  # there first
    await earn_times(database, ada.id, 1, START)
    await earn_times(database, max_.id, 3, START)
    seen = await board(database, ada)
    assert told(seen.places) == [(1, "Max", 300), (2, "Emmy", 200), (2, "Grace", 200), (4, "Ada", 100)]
    assert told(seen.neighbours) == told(seen.places)[1:]
    assert (seen.rank, seen.people, seen.own) == (4, 4, seen.places[3])
    assert told((await board(database, ada, limit=1)).places) == [(1, "Max", 300)]
    assert told(seen.podium) == told(seen.places)[:3]


async def test_amounts_are_counted_with_every_award(world: World, database: Database) -> None:
    """One that others still have is counted down, one that nobody has any more is forgotten."""
    made = [await world.person(f"P{number}") for number in range(4)]
    for quiz, people_of_it in (("a", made), ("b", made[:3]), ("c", made[:1]), ("d", made[3:])):
        for person in people_of_it:
            await earn_times(database, person.id, 1, START, quiz)
            async with database.read() as session:
                row, count = LeaderboardRow, LeaderboardCount
                wanted = select(row.timeframe, row.period, row.xp, func.count())
                wanted = wanted.group_by(row.timeframe, row.period, row.xp)
                known = select(count.timeframe, count.period, count.xp, count.people)
                assert set(await session.execute(known)) == set(await session.execute(wanted))


async def test_nobody_without_xp_has_a_rank(world: World, database: Database) -> None:
    ada, emmy = await world.person("Ada"), await world.person("Emmy")
    await earn_times(database, emmy.id, 1, START)
    seen = await board(database, ada)
    assert (seen.rank, seen.own, seen.neighbours, seen.people) == (None, None, [], 1)


async def fill(world: World, database: Database, count: int) -> list[User]:
    """People with few different amounts of XP at few moments, straight into the tables."""
    random = Random(3)
    made = [await world.person(f"P{number:02}") for number in range(count)]
    for person in made:
        at = START + timedelta(minutes=random.randrange(3))
        await earn_times(database, person.id, random.randrange(1, 5), at)
    return made


async def test_neighbours_are_those_of_the_whole_board(world: World, database: Database) -> None:
    made = await fill(world, database, 24)
    whole = (await board(database, made[0])).places
    assert len(whole) == 24
    for person in made:
        seen = await board(database, person, limit=1)
        place = next(number for number, one in enumerate(whole) if one.user_id == person.id)
        expected = whole[max(0, place - 2) : place + 3]
        assert told(seen.neighbours) == told(expected)
        assert seen.rank == whole[place].rank == 1 + sum(one.xp > whole[place].xp for one in whole)
        async with database.read() as session:
            assert await ranks.rank(session, *ALL_TIME, person.id) == seen.rank


async def test_every_question_is_answered_by_an_index(database: Database) -> None:
    if not database.is_sqlite:
        return
    values = {"timeframe": "all_time", "period": "", "user_id": "a", "xp": 1, "reached_at": START, "most": 9}
    async with database.read() as session:
        connection = await session.connection()
        for wanted in (ranks.TOP, *ranks.WALKS):
            explained = text(f"EXPLAIN QUERY PLAN {_literal(wanted, connection, values)}")
            steps = " ".join(str(tuple(row)[-1]) for row in await connection.execute(explained))
            assert "USING COVERING INDEX ix_leaderboard_cache_order" in steps, steps
            assert "TEMP B-TREE" not in steps, steps


def _literal(wanted: Any, connection: AsyncConnection, values: dict[str, Any]) -> str:
    """The statement with its values, for EXPLAIN."""
    known = {name: value for name, value in values.items() if name in wanted.compile().params}
    made = wanted.params(known).compile(connection.sync_connection, compile_kwargs={"literal_binds": True})
    return str(made).replace(":", "\\:")


async def test_hidden_people_keep_their_place(world: World, database: Database) -> None:
    ada, emmy = await world.person("Ada"), await world.person("Emmy")
    root = await world.person("Root", role=Role.ADMINISTRATOR)
    await earn_times(database, ada.id, 1, START)
    await earn_times(database, emmy.id, 2, START)
    await people.hide_name(database, emmy.id, hidden=True)
    await people.hide_name(database, emmy.id, hidden=True)
    seen = await board(database, ada)
    assert told(seen.places) == [(1, "Hidden learner", 200), (2, "Ada", 100)]
    assert [(one.user_id, one.level, one.hidden) for one in seen.places] == [
        (None, None, True),
        (ada.id, 1, False),
    ]
    for knows in (emmy, root):
        first = (await board(database, knows)).places[0]
        assert (first.name, first.user_id, first.hidden) == ("Emmy", emmy.id, True)
    assert (await board(database, emmy)).name_hidden
    await people.hide_name(database, emmy.id, hidden=False)
    assert told((await board(database, ada)).places)[0] == (1, "Emmy", 200)


async def test_staff_are_on_no_board_and_come_back_as_learners(world: World, database: Database) -> None:
    ada, emmy = await world.person("Ada"), await world.person("Emmy")
    teacher = await world.person("Max", role=Role.INSTRUCTOR)
    for person in (ada, emmy, teacher):
        await earn_times(database, person.id, 1, START)
    assert [one.name for one in (await board(database, ada)).places] == ["Ada", "Emmy"]
    await edit(database, emmy.id, PersonPatch(role=Role.INSTRUCTOR), START)
    seen = await board(database, emmy)
    assert ([one.name for one in seen.places], seen.rank, seen.people) == (["Ada"], None, 1)
    await edit(database, emmy.id, PersonPatch(role=Role.LEARNER), START)
    assert (await board(database, emmy)).rank == 1
    await edit(database, emmy.id, PersonPatch(disabled=True), START)
    assert [one.name for one in (await board(database, ada)).places] == ["Ada"]


NIGHTS = [  # around the begin of a week in Berlin: summer time begins, ends, and a new year
    (datetime(2026, 3, 29, 21, 30, tzinfo=UTC), datetime(2026, 3, 29, 22, 30, tzinfo=UTC)),
    (datetime(2026, 10, 25, 22, 30, tzinfo=UTC), datetime(2026, 10, 25, 23, 30, tzinfo=UTC)),
    (datetime(2027, 1, 3, 22, 30, tzinfo=UTC), datetime(2027, 1, 3, 23, 30, tzinfo=UTC)),
]


@pytest.mark.parametrize(("sunday", "monday"), NIGHTS, ids=["spring", "autumn", "new-year"])
async def test_weeks_begin_at_the_institutions_midnight(
    world: World, database: Database, sunday: datetime, monday: datetime
) -> None:
    """23:30 of Sunday and 0:30 of Monday; the last week's podium stays until somebody has XP."""
    await settle_in(database, "Europe/Berlin")
    ada, emmy = await world.person("Ada"), await world.person("Emmy")
    await earn_times(database, ada.id, 2, sunday)
    seen = await board(database, ada, Timeframe.WEEKLY, sunday)
    assert told(seen.places) == told(seen.podium) == [(1, "Ada", 200)]
    seen = await board(database, ada, Timeframe.WEEKLY, monday)
    assert (seen.places, seen.rank, told(seen.podium)) == ([], None, [(1, "Ada", 200)])
    assert seen.podium_period.last_day == (monday - timedelta(hours=2)).date().isoformat()
    await earn_times(database, emmy.id, 1, monday)
    seen = await board(database, emmy, Timeframe.WEEKLY, monday)
    assert told(seen.places) == told(seen.podium) == [(1, "Emmy", 100)]
    assert seen.podium_period == seen.period
    await earn_times(database, ada.id, 1, monday, "again")
    assert told((await board(database, ada, Timeframe.WEEKLY, monday)).places)[0][2] == 100
    assert told((await board(database, ada)).places) == [(1, "Ada", 300), (2, "Emmy", 100)]


async def test_months_over_a_years_end(world: World, database: Database) -> None:
    await settle_in(database, "Pacific/Auckland", 4)
    ada = await world.person("Ada")
    old = datetime(2026, 12, 31, 14, 30, tzinfo=UTC)  # 3:30 of the first of January, which begins at four
    new = old + timedelta(hours=1)
    await earn_times(database, ada.id, 1, old, "old")
    await earn_times(database, ada.id, 2, new, "new")
    seen = await board(database, ada, Timeframe.MONTHLY, new)
    assert (told(seen.places), seen.period.first_day) == ([(1, "Ada", 200)], "2027-01-01")
    async with database.read() as session:
        old_row = await session.get(LeaderboardRow, (ada.id, Timeframe.MONTHLY, "2026-12"))
    assert old_row is not None
    assert old_row.xp == 100
