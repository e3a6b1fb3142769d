"""Challenges: counted by local days, frozen terms, results written once, on both databases."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from server.core.errors import Conflict, EditConflict, Invalid
from server.core.events import Event, note_activity, publish
from server.gamification.teams.challenges import counting, service, shown
from server.gamification.teams.challenges.schemas import Challenges
from server.gamification.teams.challenges.tasks import count_challenges
from server.gamification.xp import ledger
from server.services import Services
from server.settings import Settings
from storage.database.engine import Database
from storage.database.tables import Challenge, ChallengeResult, User, XpTransaction
from storage.objects.store import ObjectStore
from storage.states import Audience, ChallengeMetric, ChallengeMode, FactKind, Role
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, RecordedQueue
from tests.world.builder import World
from tests.world.clock import START

pytestmark = on_both_databases
DAY = timedelta(days=1)
TYPED: Mapping[str, str] = {
    "title": "Five lessons",
    "first_day": START.date().isoformat(),
    "last_day": (START + 6 * DAY).date().isoformat(),
    "metric": "lessons",
    "mode": "together",
    "target": "5",
    "whom": "everybody",
}
TOMORROW = {"first_day": (START + DAY).date().isoformat()}


@pytest.fixture
async def people(world: World) -> list[User]:
    return [await world.person(f"Learner {letter}") for letter in "abcd"]


@pytest.fixture
def services(
    settings: Settings, database: Database, folder_store: ObjectStore, recorded_queue: RecordedQueue
) -> Services:
    return Services(settings, database, folder_store, recorded_queue)


async def complete(database: Database, person: User, *lessons: str, at: datetime = START) -> None:
    async with database.write() as session:
        for lesson in lessons:
            kind = FactKind.LESSON_COMPLETED
            await publish(session, Event(kind=kind, user_id=person.id, subject=lesson, at=at))


async def of_learner(database: Database, person: User, now: datetime = START) -> Challenges:
    async with database.read() as session:
        return await shown.of_learner(session, person.id, now)


async def counted(database: Database, challenge: Challenge) -> tuple[int, int]:
    async with database.read() as session:
        found = await counting.count(session, challenge)
        return found.progress, found.people


async def test_metrics_count_the_days_of_the_challenge_alone(
    world: World, database: Database, people: list[User]
) -> None:
    lessons = await world.challenge(days=2)
    xp = await world.challenge(days=2, metric=ChallengeMetric.XP)
    days = await world.challenge(days=2, metric=ChallengeMetric.DAYS)
    await complete(database, people[0], "l0", at=START - DAY)  # 250 XP with First Steps
    await complete(database, people[0], "l1", "l2")
    await complete(database, people[1], "l1", at=START + DAY)
    await complete(database, people[0], "l3", at=START + 2 * DAY)
    for at in (START - DAY, START, START + timedelta(hours=1), START + 2 * DAY):
        async with database.write() as session:
            await note_activity(session, [people[0].id], at)
    assert await counted(database, lessons) == (3, 4)
    assert await counted(database, xp) == (100 + 250, 4)
    assert await counted(database, days) == (1, 4)


async def test_each_counts_who_has_reached_it(world: World, database: Database, people: list[User]) -> None:
    challenge = await world.challenge(mode=ChallengeMode.EACH, target=2)
    await complete(database, people[0], "l1", "l2", "l3")
    await complete(database, people[1], "l1")
    assert await counted(database, challenge) == (1, 4)
    (own,) = (await of_learner(database, people[1])).challenges
    assert (own.own, own.progress, own.percent, own.reached, own.days_left) == (1, 1, 50, False, 7)
    (own,) = (await of_learner(database, people[0])).challenges
    assert (own.percent, own.reached) == (100, True)


async def test_only_those_whom_it_is_for_count_and_see_it(
    world: World, database: Database, people: list[User]
) -> None:
    teacher = await world.person("Max Born", role=Role.INSTRUCTOR)
    team = await world.team("Lab", *people[:3], teacher)
    course = await world.course(learners=people[1:])
    of_team = await world.challenge(title="Lab", audience=Audience.TEAM, team_id=team.id)
    of_course = await world.challenge(title="Optics", audience=Audience.COURSE, course_id=course.id)
    for person in (*people, teacher):
        await complete(database, person, "l1")
    assert await counted(database, of_team) == (3, 3)
    assert await counted(database, of_course) == (3, 3)
    assert [one.title for one in (await of_learner(database, people[0])).challenges] == ["Lab"]
    assert [one.title for one in (await of_learner(database, people[3])).challenges] == ["Optics"]
    assert (await of_learner(database, teacher)).challenges == []


async def test_two_learners_together_are_not_shown(
    world: World, database: Database, services: Services, people: list[User]
) -> None:
    team = await world.team("Pair", *people[:2])
    await world.challenge(audience=Audience.TEAM, team_id=team.id)
    await complete(database, people[1], "l1")
    await count_challenges(services, START, START)
    (own,) = (await of_learner(database, people[0])).challenges
    assert (own.progress, own.percent, own.own) == (None, None, 0)


async def test_terms_change_only_before_it_begins(database: Database, people: list[User]) -> None:
    made = await service.create(database, {**TYPED, **TOMORROW}, people[0].id, START)
    assert (made.state, made.people) == ("planned", 4)
    changed = await service.change(database, made.id, {"target": "7"}, made.version, START)
    assert (changed.target, changed.version) == (7, 2)
    with pytest.raises(EditConflict):
        await service.change(database, made.id, {"target": "8"}, made.version, START)
    with pytest.raises(Conflict, match="can only be ended"):
        await service.change(database, made.id, {"target": "8"}, 2, START + DAY)
    with pytest.raises(Conflict, match="can only be ended"):
        await service.delete(database, made.id, START + DAY)
    with pytest.raises(Conflict, match="running"):
        await service.end(database, made.id, "Closed", START)
    await service.delete(database, made.id, START)
    with pytest.raises(Invalid, match="does not exist"):
        await service.create(database, {**TYPED, "whom": "team:none"}, people[0].id, START)


async def test_result_is_written_once_and_stays(
    world: World, database: Database, services: Services, people: list[User]
) -> None:
    challenge = await world.challenge(days=1, target=3)
    await complete(database, people[0], "l1", "l2")
    await complete(database, people[1], "l1")
    await count_challenges(services, START, START)
    assert (await world.reload(challenge)).progress == 3
    early = START + timedelta(hours=15, minutes=30)  # half an hour into the next day
    await count_challenges(services, early, early)
    assert (await world.reload(challenge)).settled_at is None
    over = early + timedelta(hours=1)
    await asyncio.gather(*(count_challenges(services, over, over) for _ in range(4)))
    settled = await world.reload(challenge)
    assert (settled.progress, settled.people, settled.settled_at) == (3, 4, over)
    await complete(database, people[2], "l1")  # arrives too late
    await count_challenges(services, over, over + DAY)
    assert (await world.reload(challenge)).progress == 3
    async with database.read() as session:
        rows = await session.execute(select(ChallengeResult.user_id, ChallengeResult.progress))
        assert dict(rows.all()) == {people[0].id: 2, people[1].id: 1}
    assert [badge.title for badge in (await of_learner(database, people[0], over)).badges] == ["Five lessons"]
    assert (await of_learner(database, people[2], over)).badges == []


async def test_result_pays_no_xp(
    world: World, database: Database, services: Services, people: list[User]
) -> None:
    await world.challenge(days=1, target=1)
    await complete(database, people[0], "l1")
    before = select(func.count()).select_from(XpTransaction)
    async with database.read() as session:
        lines = await session.scalar(before)
    await count_challenges(services, START + 2 * DAY, START + 2 * DAY)
    async with database.read() as session:
        assert await session.scalar(before) == lines


async def test_early_end_counts_what_happened_before(
    world: World, database: Database, services: Services, people: list[User]
) -> None:
    challenge = await world.challenge()
    await complete(database, people[0], "l1")
    ended = await service.end(database, challenge.id, "The school is closed.", START + timedelta(hours=1))
    assert (ended.state, ended.end_reason) == ("counting", "The school is closed.")
    again = await service.end(database, challenge.id, "Another reason", START + timedelta(hours=2))
    assert (again.end_reason, again.ended_at) == ("The school is closed.", START + timedelta(hours=1))
    await complete(database, people[1], "l1", at=START + timedelta(hours=2))
    over = START + timedelta(hours=3)
    await count_challenges(services, over, over)
    assert (await world.reload(challenge)).progress == 1
    (own,) = (await of_learner(database, people[0], over)).challenges
    assert (own.state, own.ended_early, own.end_reason) == ("over", True, "The school is closed.")


async def test_replay_of_the_ledger_counts_the_same(
    world: World, database: Database, people: list[User]
) -> None:
    challenge = await world.challenge(metric=ChallengeMetric.XP, days=3)
    for number, person in enumerate(people):
        await complete(database, person, *(f"l{one}" for one in range(number + 1)), at=START + number * DAY)
    before = await counted(database, challenge)
    async with database.write() as session:
        await session.execute(delete(XpTransaction))
        for person in reversed(people):
            await ledger.settle(session, person.id)
    assert await counted(database, challenge) == before
    assert before == (250 + 300 + 350, 4)


async def test_deleted_course_leaves_the_challenge_with_nobody(
    world: World, database: Database, people: list[User]
) -> None:
    course = await world.course(learners=people)
    challenge = await world.challenge(audience=Audience.COURSE, course_id=course.id)
    async with database.write() as session:
        await session.delete(await session.merge(course))
    assert await counted(database, await world.reload(challenge)) == (0, 0)
    async with database.read() as session:
        view = await service.shown(session, challenge.id, START)
    assert (view.audience, view.audience_name, view.whom) == ("course", None, "course:")


async def test_pages_of_a_planned_challenge(administrator: Account, learner: Account) -> None:
    refused = await administrator.browser.post("/admin/challenges/new", data={**TYPED, "target": "many"})
    assert refused.status_code == 422
    assert "Five lessons" in refused.text
    made = await administrator.browser.post("/admin/challenges/new", data={**TYPED, **TOMORROW})
    here = made.headers["location"]
    old = {**TYPED, **TOMORROW, "version": "1"}
    saved = await administrator.browser.post(here, data={**old, "title": "Ten", "target": "10"})
    assert saved.status_code == 303
    asked = await administrator.browser.post(here, data={**old, "title": "Twenty"})
    assert asked.status_code == 409
    assert "saving it again replaces" in asked.text
    assert 'value="Twenty"' in asked.text
    assert 'name="version" value="2"' in asked.text
    assert "Begins on" in (await learner.browser.get("/dashboard")).text
    gone = await administrator.browser.post(f"{here}/delete")
    assert gone.headers["location"] == "/admin/challenges"


async def test_pages_of_a_running_challenge(world: World, administrator: Account, learner: Account) -> None:
    challenge = await world.challenge(days=6, mode=ChallengeMode.EACH)
    here = f"/admin/challenges/{challenge.id}"
    assert "6 days left" in (await learner.browser.get("/dashboard")).text
    late = await administrator.browser.post(here, data=dict(TYPED))
    assert late.status_code == 409
    assert "can only be ended early" in late.text
    unexplained = await administrator.browser.post(f"{here}/end", data={"reason": " "})
    assert unexplained.status_code == 422
    ended = await administrator.browser.post(f"{here}/end", data={"reason": "School is closed"})
    assert ended.status_code == 303
    page = await learner.browser.get("/dashboard")
    assert "Ended early: School is closed" in page.text
    assert "Being counted" in page.text
