"""Card and API show the days of the database as they are counted by hand, whatever zone the reader is in."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random
from time import tzset

import pytest

from server.core.events import note_activity
from server.gamification.learner import stats
from storage.database.engine import Database
from storage.database.tables import Institution, StreakBreak
from tests.fixtures.web import HeldClock, MakeAccount
from tests.unit.server.gamification.streak_oracle import FIRST, Simulated, count, label_of, simulate

WEEKS = "56"


@pytest.fixture
def process_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """TZ of the server's process, which no day may depend on."""
    monkeypatch.setenv("TZ", request.param)
    tzset()
    yield request.param
    monkeypatch.undo()
    tzset()


async def store(database: Database, user_id: str, made: Simulated) -> None:
    """What happened, written as the product writes it."""
    async with database.write() as session:
        for at in made.acts:
            await note_activity(session, [user_id], at)
        for first, last in made.breaks:
            session.add(StreakBreak(user_id=user_id, first_day=first, last_day=last, created_at=made.acts[0]))


@pytest.mark.parametrize(
    ("zone", "process_zone"),
    [("UTC", "Pacific/Auckland"), ("Pacific/Auckland", "UTC"), ("America/Havana", "UTC")],
    indirect=["process_zone"],
)
async def test_card_and_api_agree_with_a_count_by_hand(
    zone: str,
    process_zone: str,
    database: Database,
    make_account: MakeAccount,
    held_clock: HeldClock,
) -> None:
    made = simulate(Random(zone), zone)
    hour = made.zones[0][2]
    made.zones, made.weeks, made.holidays = made.zones[:1], [("", WEEKS)], set()
    async with database.write() as session:
        session.add(Institution(id=1, time_zone=zone, day_start_hour=hour))
    made.acts = made.acts[::3]
    learner = await make_account("learner")
    await store(database, learner.id, made)
    labels = [label_of(made, at) for at in made.acts]
    for days in (89, 304, 455, 668):  # about the changes of clocks
        held_clock.moment = datetime.combine(FIRST + timedelta(days=days), time(hour=days % 24), UTC)
        today = label_of(made, held_clock.moment)
        expected = count(made, labels, today)
        async with database.read() as session:
            found = await stats.streak(session, learner.id, await stats.today(session, held_clock.now()))
        assert {day: str(state) for day, state in found.days.items()} == expected.states
        streak = (await learner.api.get("/api/gamification/stats")).json()["streak"]
        assert (streak["current"], streak["longest"], streak["freezes"]) == (
            expected.current,
            expected.longest,
            expected.freezes,
        )
        week = {one["day"]: one["state"] for one in streak["week"]}
        assert len(week) == 7
        assert all(state == expected.states.get(day, state) for day, state in week.items() if day <= today)
