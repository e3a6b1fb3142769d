"""Instructor's pages of analytics: moments, questions, who may need help; no money, no other courses."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.teaching import course
from server.watching.insight.lesson import LessonInsight, lesson_insight
from storage.database.engine import Database
from storage.database.tables import Enrolment, Lesson, VideoAnalytics
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, MakeAccount
from tests.integration.pages.markup import faults
from tests.world.builder import World
from tests.world.clock import START


async def test_course_shows_its_moments_and_who_may_need_help(
    world: World, instructor: Account, learner: Account
) -> None:
    others = [await world.person(f"Learner {number}") for number in range(5)]
    optics = await world.course("Optics", instructors=[instructor], learners=[learner, *others])
    lesson = await world.lesson(optics, "Lenses")
    await world.video(lesson, seconds=1000)
    lesson = await world.reload(lesson)
    for person in others:
        await world.watched(lesson, person, ((0, 5000),))
    async with world.database.write() as session:
        await session.execute(
            update(Enrolment)
            .where(Enrolment.user_id == learner.id)
            .values(created_at=START - timedelta(days=9))
        )
    answer = await instructor.browser.get(f"/teach/courses/{optics.id}/analytics")
    assert answer.status_code == 200
    assert faults(answer.text) == []
    assert "Enrolled 9 days ago and has not begun." in answer.text
    assert "5 of 5 viewers left" in answer.text
    assert "?t=500#player" in answer.text
    assert "Revenue" not in answer.text
    files = {
        name: (await instructor.browser.get(f"/teach/courses/{optics.id}/analytics/tables/{name}.csv")).text
        for name in ("help", "lessons", "moments", "questions")
    }
    assert all(f"/tables/{name}.csv" in answer.text for name in ("help", "lessons", "moments"))
    assert ",0,1,Enrolled 9 days ago and has not begun." in files["help"]
    assert "Lenses,5,50,2500,0" in files["lessons"]
    assert "Lenses,500,Left,5,5" in files["moments"]
    assert files["questions"].splitlines() == [
        "\ufeffQuestion,Lesson,Right at the first attempt,Learners,Discrimination"
    ]
    here = f"/teach/courses/{optics.id}/analytics/tables/help.xlsx"
    assert (await instructor.browser.get(here)).status_code == 200
    assert (await learner.browser.get(here)).status_code == 403


@on_both_databases
async def test_a_lecture_is_counted_again_when_somebody_has_watched_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [START]
    world = World(database, lambda: clock[0])
    viewers = [await world.person(f"Learner {number}") for number in range(7)]
    made = await world.course("Optics", learners=viewers)
    lectures = []
    for title in ("Lenses", "Mirrors"):
        await world.video(lesson := await world.lesson(made, title), seconds=1000)
        lectures.append(await world.reload(lesson))
        for person in viewers[:5]:
            await world.watched(lectures[-1], person, ((0, 5000),))
    counted: list[str] = []

    async def noted(session: AsyncSession, lesson: Lesson) -> LessonInsight:
        counted.append(lesson.title)
        return await lesson_insight(session, lesson)

    monkeypatch.setattr("server.analytics.teaching.course.lesson_insight", noted)

    async def shown() -> tuple[list[course.LessonFigures], list[str]]:
        counted.clear()
        async with database.read() as session:
            return await course.lessons(session, made.id), [*counted]

    first, which = await shown()
    assert which == ["Lenses", "Mirrors"]
    assert await shown() == (first, [])
    clock[0] += timedelta(seconds=1)
    await world.watched(lectures[1], viewers[5], ((0, 9000),))
    found, which = await shown()
    assert which == ["Mirrors"]
    assert (found[0], found[1].viewers, found[1].watch_seconds) == (first[0], 6, 3400)
    async with database.write() as session:  # as retention does
        await session.execute(delete(VideoAnalytics).where(VideoAnalytics.lesson_id == lectures[0].id))
    found, which = await shown()
    assert which == ["Lenses"]
    assert (found[0].viewers, found[0].watch_seconds) == (5, 0)


async def test_all_courses_are_those_that_one_teaches(
    world: World, instructor: Account, learner: Account, make_account: MakeAccount
) -> None:
    await world.course("Optics", instructors=[instructor], learners=[learner])
    other = await make_account("instructor", "other@example.edu", "Lise Meitner")
    await world.course("Waves", instructors=[other], learners=[learner])
    shown = (await instructor.browser.get("/teach/analytics?range=7")).text
    assert faults(shown) == []
    assert "Optics" in shown
    assert "Waves" not in shown
    chosen = (await instructor.browser.get(f"/teach/analytics?instructor={other.id}")).text
    assert "Waves" not in chosen
    assert (await learner.browser.get("/teach/analytics")).status_code == 403


async def test_files_of_a_course_have_no_money(world: World, instructor: Account, learner: Account) -> None:
    optics = await world.course("Optics", instructors=[instructor], learners=[learner])
    await world.payment(course_id=optics.id)
    here = f"/teach/courses/{optics.id}/analytics/tables"
    listed = (await instructor.browser.get(f"{here}/courses.csv")).text
    assert "Optics" in listed
    assert "EUR" not in listed
    assert (await instructor.browser.get(f"{here}/engagement.xlsx")).status_code == 200
    assert (await instructor.browser.get(f"{here}/revenue.csv")).status_code == 404
