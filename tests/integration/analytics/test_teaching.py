"""Instructor's pages of analytics: moments, questions, who may need help; no money, no other courses."""

from datetime import timedelta

from sqlalchemy import update

from storage.database.tables import Enrolment
from tests.fixtures.web import Account, MakeAccount
from tests.integration.pages.markup import faults
from tests.world.builder import World
from tests.world.clock import START


async def test_course_shows_its_moments_and_who_may_need_help(
    world: World, instructor: Account, learner: Account
) -> None:
    others = [await world.person(f"Learner {number}") for number in range(5)]
    course = await world.course("Optics", instructors=[instructor], learners=[learner, *others])
    lesson = await world.lesson(course, "Lenses")
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
    answer = await instructor.browser.get(f"/teach/courses/{course.id}/analytics")
    assert answer.status_code == 200
    assert faults(answer.text) == []
    assert "Enrolled 9 days ago and has not begun." in answer.text
    assert "5 of 5 viewers left" in answer.text
    assert "?t=500#player" in answer.text
    assert "Revenue" not in answer.text
    files = {
        name: (await instructor.browser.get(f"/teach/courses/{course.id}/analytics/tables/{name}.csv")).text
        for name in ("help", "lessons", "moments", "questions")
    }
    assert all(f"/tables/{name}.csv" in answer.text for name in ("help", "lessons", "moments"))
    assert ",0,1,Enrolled 9 days ago and has not begun." in files["help"]
    assert "Lenses,5,50,2500,0" in files["lessons"]
    assert "Lenses,500,Left,5,5" in files["moments"]
    assert files["questions"].splitlines() == [
        "\ufeffQuestion,Lesson,Right at the first attempt,Learners,Discrimination"
    ]
    here = f"/teach/courses/{course.id}/analytics/tables/help.xlsx"
    assert (await instructor.browser.get(here)).status_code == 200
    assert (await learner.browser.get(here)).status_code == 403


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
    course = await world.course("Optics", instructors=[instructor], learners=[learner])
    await world.payment(course_id=course.id)
    here = f"/teach/courses/{course.id}/analytics/tables"
    listed = (await instructor.browser.get(f"{here}/courses.csv")).text
    assert "Optics" in listed
    assert "EUR" not in listed
    assert (await instructor.browser.get(f"{here}/engagement.xlsx")).status_code == 200
    assert (await instructor.browser.get(f"{here}/revenue.csv")).status_code == 404
