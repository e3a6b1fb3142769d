"""Progress of a course's learners, one learner, and how a lesson is watched, in four looks."""

import pytest
from playwright.async_api import Page, expect

from storage.database.tables import Lesson, User
from storage.states import LessonKind
from tests.e2e.shots import Shots
from tests.fixtures.server_process import Campus
from tests.world.quizzes import add_graded

pytestmark = pytest.mark.e2e

NAMES = (
    "Ada Lovelace",
    "Émilie du Châtelet",
    "Łucja Kowalska",
    "Jürgen Weiß",
    "Mehmet Yıldız",
    "Noor Bakker",
)


async def make_course(campus: Campus) -> Lesson:
    """Its video lesson, watched by five of six learners; the first one has completed the course."""
    world = campus.world
    lecturer = await world.person("Max Born", role="instructor")
    people = [await world.person(name) for name in NAMES]
    course = await world.course("Optics", instructors=[lecturer], learners=people)
    async with world.database.read() as session:
        await world.teach(course, await session.get_one(User, campus.school.users["teacher"]))
    rays = await world.lesson(course, "Rays and shadows")
    await world.video(rays, seconds=2712, audio=False)
    rays = await world.reload(rays)
    text = await world.lesson(course, "Reading", text="# Light")
    test = await world.lesson(course, "Test", kind=LessonKind.QUIZ)
    quiz = await world.quiz(test)
    for number, person in enumerate(people[:5]):
        until = 27120 - 4000 * number
        await world.watched(
            rays, person, ((0, until // 3), (until // 2, until)), device="phone", quality="720p"
        )
        if number < 3:
            await world.completed(text, person)
            async with world.database.write() as session:
                await add_graded(session, quiz, person.id, 5.0 - number, at=world.now())
    for lesson in (rays, test):
        await world.completed(lesson, people[0])
    return rays


async def test_instructor_follows_the_learners(teacher: Page, campus: Campus, shots: Shots) -> None:
    rays = await make_course(campus)
    await teacher.goto(f"{campus.server.url}/teach/courses/{rays.course_id}/lessons/{rays.id}")
    await expect(teacher.get_by_role("heading", name="How it is watched")).to_be_visible()
    await teacher.get_by_role("link", name="Play from 4:31").hover()
    await shots.take(teacher, "insight")
    await teacher.get_by_role("link", name="Who has finished").click()
    await expect(teacher.get_by_role("row", name="Ada Lovelace")).to_contain_text("100 % · 3 of 3")
    await shots.take(teacher, "progress")
    await teacher.get_by_role("link", name="In progress").click()
    await teacher.get_by_role("searchbox").fill("emilie")
    await expect(teacher.locator("#learners-total")).to_have_text("1 of 4 people matches")
    async with teacher.expect_download() as download:
        await teacher.get_by_role("link", name="Download as CSV").click()
    lines = (await (await download.value).path()).read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["name", "Émilie du Châtelet"]
    await teacher.get_by_role("link", name="Émilie du Châtelet").click()
    await expect(teacher.get_by_role("img", name="Watched parts of “Rays and shadows”")).to_be_visible()
    await shots.take(teacher, "learner")


async def test_place_of_the_chart_opens_the_player_there(teacher: Page, campus: Campus) -> None:
    world, url = campus.world, campus.server.url
    lesson_id = campus.school.lesson_id
    await world.video(lesson_id, seconds=600, audio=False)
    await teacher.goto(f"{url}/dashboard/courses/{campus.school.course_id}/lessons/{lesson_id}?t=450#player")
    start = "document.querySelector('hls-video').config?.startPosition"
    await teacher.wait_for_function(f"{start} === 450")
