"""Reviews of courses: by learners who have begun them, once each, and moderated."""

import asyncio

import pytest
from sqlalchemy import select

from storage.database.engine import Database
from storage.database.tables import ActivityDay, Course, LearningEvent, Lesson
from storage.states import FactKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeAccount
from tests.world.builder import World
from tests.world.clock import START
from tests.world.learning import start_lesson

pytestmark = on_both_databases


@pytest.fixture
async def course(world: World, instructor: Account, learner: Account) -> Course:
    return await world.course("Optics", instructors=[instructor], learners=[learner])


@pytest.fixture
async def lesson(world: World, course: Course) -> Lesson:
    return await world.lesson(course, "Lenses")


async def begin(database: Database, lesson: Lesson, *learners: Account) -> None:
    async with database.write() as session:
        for learner in learners:
            await start_lesson(session, learner.id, lesson, START)


async def facts(database: Database) -> list[tuple[str, str]]:
    async with database.read() as session:
        wanted = select(LearningEvent).where(LearningEvent.kind == FactKind.REVIEW_POSTED)
        return [(row.user_id, row.subject) for row in await session.scalars(wanted)]


async def test_a_review_needs_a_begun_course(
    database: Database, course: Course, lesson: Lesson, learner: Account, instructor: Account
) -> None:
    path = f"/api/courses/{course.id}/reviews"
    assert (await learner.api.get(path)).json() == {
        "average": None, "count": 0, "reviews": [], "page": 1, "pages": 1, "mine": None, "can_review": False
    }  # fmt: skip
    refused = await learner.api.post(path, json={"stars": 5})
    assert (refused.status_code, "Begin the course first" in refused.json()["detail"]) == (409, True)
    assert await facts(database) == []
    await begin(database, lesson, learner)
    assert (await learner.api.post(path, json={"stars": 5})).json()["average"] == 5.0
    assert (await instructor.api.post(path, json={"stars": 5})).status_code == 409
    assert await facts(database) == [(learner.id, course.id)]


async def test_one_review_and_one_fact_whatever_is_sent(
    database: Database, course: Course, lesson: Lesson, learner: Account, held_clock: HeldClock
) -> None:
    await begin(database, lesson, learner)
    path = f"/api/courses/{course.id}/reviews"
    answers = await asyncio.gather(*(learner.api.post(path, json={"stars": 2}) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    held_clock.advance(days=1)
    changed = (await learner.api.post(path, json={"stars": 4, "text": " Better\r\nthan I thought "})).json()
    (review,) = changed["reviews"]
    assert (review["stars"], review["text"], changed["count"]) == (4, "Better\nthan I thought", 1)
    assert review["created_at"] < review["updated_at"]
    for _ in range(2):
        assert (await learner.api.delete(path)).status_code == 204
    assert (await learner.api.get(path)).json()["count"] == 0
    await learner.api.post(path, json={"stars": 1})
    assert await facts(database) == [(learner.id, course.id)]
    async with database.read() as session:
        assert len((await session.scalars(select(ActivityDay))).all()) == 2


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"stars": 0}, "stars"), ({"stars": 6}, "stars"), ({"stars": 3, "text": "a" * 2001}, "text")],
)
async def test_what_is_no_review_is_refused(
    database: Database, course: Course, lesson: Lesson, learner: Account, sent: dict[str, object], field: str
) -> None:
    await begin(database, lesson, learner)
    refused = await learner.api.post(f"/api/courses/{course.id}/reviews", json=sent)
    assert (refused.status_code, list(refused.json()["fields"])) == (400, [field])


async def test_hidden_reviews_do_not_count_and_stay_hidden(
    database: Database,
    world: World,
    course: Course,
    lesson: Lesson,
    learner: Account,
    instructor: Account,
    make_account: MakeAccount,
) -> None:
    other = await make_account("learner", "emmy@example.edu", "Emmy Noether")
    await world.enrol(course, other)
    await begin(database, lesson, learner, other)
    path = f"/api/courses/{course.id}/reviews"
    await learner.api.post(path, json={"stars": 1, "text": "Rude words"})
    await other.api.post(path, json={"stars": 4})
    assert (await other.api.get(path)).json()["average"] == 2.5
    hiding = f"{path}/{learner.id}/hide"
    assert (await instructor.api.post(hiding, json={"reason": " "})).status_code == 400
    assert (await other.api.post(hiding, json={"reason": "No"})).status_code == 403
    assert (await instructor.api.post(hiding, json={"reason": "Rude"})).status_code == 204
    seen = (await other.api.get(path)).json()
    assert (seen["average"], seen["count"], len(seen["reviews"])) == (4.0, 1, 1)
    assert "Rude words" not in str(seen)
    assert len((await instructor.api.get(path)).json()["reviews"]) == 2
    mine = (await learner.api.get(path)).json()["mine"]
    assert (mine["state"], mine["reason"]) == ("hidden", "Rude")
    # Deleting it and writing another one does not bring it back.
    await learner.api.delete(path)
    assert (await learner.api.get(path)).json()["mine"] is None
    await learner.api.post(path, json={"stars": 1, "text": "Rude again"})
    assert (await other.api.get(path)).json()["count"] == 1
    await instructor.api.post(f"{path}/{learner.id}/show")
    assert (await other.api.get(path)).json()["count"] == 2


async def test_average_is_on_the_pages_of_the_course(
    database: Database, course: Course, lesson: Lesson, learner: Account, instructor: Account
) -> None:
    pages = ((learner, f"/dashboard/courses/{course.id}"), (instructor, f"/teach/courses/{course.id}"))
    for account, path in pages:
        assert "No reviews yet" in (await account.browser.get(path)).text
    await begin(database, lesson, learner)
    reviews = f"/dashboard/courses/{course.id}/reviews"
    saved = await learner.browser.post(reviews, data={"stars": "4", "text": "Clear <b>"})
    assert (saved.status_code, saved.headers["location"]) == (303, reviews)
    for account, path in pages:
        assert "4 · 1 review" in (await account.browser.get(path)).text
    shown = (await learner.browser.get(reviews)).text
    assert "Clear &lt;b&gt;" in shown


async def test_refused_review_keeps_its_text(
    database: Database, course: Course, lesson: Lesson, learner: Account, instructor: Account
) -> None:
    await begin(database, lesson, learner)
    reviews = f"/dashboard/courses/{course.id}/reviews"
    refused = await learner.browser.post(reviews, data={"text": "Without stars"})
    assert refused.status_code == 422
    assert "Choose 1 to 5 stars." in refused.text
    assert "Without stars</textarea>" in refused.text
    await learner.browser.post(reviews, data={"stars": "1"})
    hiding = {"action": "hide", "reason": "r" * 301, "person": learner.id}
    refused = await instructor.browser.post(f"{reviews}/{learner.id}/moderate", data=hiding)
    assert (refused.status_code, "r" * 301 in refused.text) == (422, True)
