"""Teams: who is in them, who counts, and their board by average, on both databases."""

from datetime import timedelta

import pytest

from server.core.errors import Conflict, Invalid, NotFound
from server.core.events import Event, publish
from server.gamification.teams import listing, members, service
from server.gamification.teams.schemas import NewTeam, TeamBoard, TeamPatch
from server.library.schemas import Added
from storage.database.engine import Database
from storage.database.tables import User
from storage.states import FactKind, Role, Timeframe
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, MakeAccount
from tests.world.builder import World
from tests.world.clock import START

TODAY = START.date().isoformat()
pytestmark = on_both_databases


@pytest.fixture
async def people(world: World) -> list[User]:
    return [await world.person(f"Learner {letter}") for letter in "abcdef"]


async def complete(database: Database, person: User, *lessons: str) -> None:
    """Facts of lessons: 250 XP for the first one, with First Steps, 50 for each of the next."""
    async with database.write() as session:
        for lesson in lessons:
            kind = FactKind.LESSON_COMPLETED
            await publish(session, Event(kind=kind, user_id=person.id, subject=lesson, at=START))


async def board(database: Database, person: User, timeframe: Timeframe = Timeframe.WEEKLY) -> TeamBoard:
    async with database.read() as session:
        return await service.board(session, person.id, timeframe, TODAY)


async def test_average_counts_everybody_so_that_size_does_not_win(
    world: World, database: Database, people: list[User]
) -> None:
    await world.team("Large", *people)
    await world.team("Small", *people[:3])
    for person in people[:4]:
        await complete(database, person, "l1", "l2")  # 300 XP each
    found = await board(database, people[5])
    assert [(team.rank, team.name, team.average, team.people, team.own) for team in found.teams] == [
        (1, "Small", 300.0, 3, False),
        (2, "Large", 200.0, 6, True),
    ]
    assert [team.name for team in found.own] == ["Large"]


async def test_own_team_is_marked_on_the_board(
    world: World, database: Database, people: list[User], learner: Account
) -> None:
    """In words of its own: those of a page for two editors mean a text."""
    await world.team("Ours", *people[:2], learner)
    await complete(database, people[0], "l1")
    shown = (await learner.browser.get("/dashboard/teams")).text
    assert 'Ours <span class="pill pill-info">Your team<' in shown


async def test_team_of_two_is_not_shown(world: World, database: Database, people: list[User]) -> None:
    await world.team("Pair", *people[:2])
    await complete(database, people[0], "l1")
    found = await board(database, people[0])
    assert found.teams == []
    assert [(team.name, team.rank, team.average) for team in found.own] == [("Pair", None, None)]
    assert (await board(database, people[5])).own == []


async def test_staff_and_disabled_people_do_not_count(
    world: World, database: Database, people: list[User]
) -> None:
    teacher = await world.person("Max Born", role=Role.INSTRUCTOR)
    team = await world.team("Lab", *people[:3], teacher)
    for person in people[:3]:
        await complete(database, person, "l1")
    async with database.write() as session:
        (await session.get_one(User, people[0].id)).disabled_at = START
    async with database.read() as session:
        assert (await service.shown(session, team.id)).people == 2
        assert len(await members.everybody(session, team.id)) == 4
    assert (await board(database, people[1])).teams == []


async def test_team_of_a_course_is_all_its_learners(
    world: World, database: Database, people: list[User]
) -> None:
    course = await world.course(learners=people[:4])
    team = await service.create(database, NewTeam("Optics", course.id), people[0].id, START)
    assert (team.people, team.course_title) == (4, "Optics")
    await world.ended(course, people[3])
    async with database.read() as session:
        assert (await service.shown(session, team.id)).people == 3
    with pytest.raises(Conflict, match="enrol them there"):
        await members.add(database, team.id, [people[5].email], START)
    with pytest.raises(Invalid):
        await service.create(database, NewTeam("None", "no-such-course"), people[0].id, START)


async def test_weekly_board_forgets_last_week(world: World, database: Database, people: list[User]) -> None:
    await world.team("Lab", *people[:3])
    await complete(database, people[0], "l1")
    later = (START + timedelta(days=7)).date().isoformat()
    async with database.read() as session:
        weekly = await service.board(session, people[0].id, Timeframe.WEEKLY, later)
        ever = await service.board(session, people[0].id, Timeframe.ALL_TIME, later)
    assert [(team.rank, team.average) for team in weekly.teams] == [(None, 0.0)]
    assert [(team.rank, team.average) for team in ever.teams] == [(1, 83.3)]


async def test_adding_by_addresses_is_idempotent(
    world: World, database: Database, people: list[User]
) -> None:
    team = await world.team("Lab")
    wanted = [people[0].email.upper(), people[1].email, "nobody@example.edu"]
    first = await members.add(database, team.id, wanted, START)
    assert first == Added((people[0].email, people[1].email), (), ("nobody@example.edu",))
    again = await members.add(database, team.id, wanted, START)
    assert again == Added((), (people[0].email, people[1].email), ("nobody@example.edu",))
    other = await world.team("Class", people[0])
    async with database.read() as session:
        assert set(await members.of_person(session, people[0].id)) == {team.id, other.id}
    assert (await members.remove(database, team.id, people[0].id)) is not None
    assert (await members.remove(database, team.id, people[0].id)) is None


async def test_list_is_previewed_and_then_put_in(
    world: World, database: Database, people: list[User]
) -> None:
    team = await world.team("Lab", people[0])
    data = f"email;name\n{people[0].email};A\n{people[1].email};B\nghost@example.edu;C\n;D\n".encode()
    preview = await listing.preview(database, team.id, data)
    assert (preview.new, preview.already) == ((people[1].email,), (people[0].email,))
    assert [(item.line, item.text) for item in preview.left_out] == [(4, "ghost@example.edu"), (5, ", D")]
    async with database.read() as session:
        assert len(await members.everybody(session, team.id)) == 1
    done = await listing.put_in(database, team.id, data, START)
    assert (done.added, done.already, done.left_out) == (1, 1, 2)


async def test_names_are_saved_by_version_and_teams_deleted(world: World, database: Database) -> None:
    team = await world.team("Lab")
    renamed = await service.rename(database, team.id, TeamPatch("Optics lab", 1), START)
    assert (renamed.name, renamed.version) == ("Optics lab", 2)
    with pytest.raises(Conflict, match="saved meanwhile"):
        await service.rename(database, team.id, TeamPatch("Old lab", 1), START)
    await world.challenge(audience="team", team_id=team.id)
    with pytest.raises(Conflict, match="Five lessons"):
        await service.delete(database, team.id, START)
    with pytest.raises(NotFound):
        await service.delete(database, "no-such-team", START)


async def test_pages_of_a_team(
    world: World, administrator: Account, learner: Account, make_account: MakeAccount
) -> None:
    others = [await make_account("learner", f"l{number}@example.edu", f"L {number}") for number in range(3)]
    made = await administrator.browser.post("/admin/teams", data={"name": "10b", "course_id": ""})
    here = made.headers["location"]
    typed = f"{learner.email}, {others[0].email}\nghost@example.edu"
    partly = await administrator.browser.post(f"{here}/people", data={"emails": typed})
    assert partly.status_code == 422
    assert "ghost@example.edu" in partly.text
    assert "Ada Lovelace" in partly.text
    listed = await administrator.browser.post(f"{here}/list", data={"list": others[1].email})
    assert "Put 1 person in" in listed.text
    await administrator.browser.post(f"{here}/list", data={"list": others[1].email, "confirmed": "yes"})
    removed = await administrator.browser.post(f"{here}/people/{others[0].id}/remove")
    shown = await administrator.browser.get(removed.headers["location"])
    assert "L 1" in shown.text
    assert f"{others[0].id}/remove" not in shown.text
    board = await learner.browser.get("/dashboard/teams")
    assert "from three learners on" in board.text  # two of them
    gone = await administrator.browser.post(f"{here}/delete")
    assert gone.headers["location"] == "/admin/teams"
