"""Text lessons: written, read, completed; and what lists and pages say of them."""

import asyncio

import pytest
from sqlalchemy import select

from server.core.errors import EditConflict
from server.learning.texts import service
from server.learning.texts.schemas import NewText
from storage.database.engine import Database
from storage.database.tables import ActivityDay, Course, LearningEvent, Lesson, LessonReading
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.integration.pages.markup import Page, faults
from tests.world.builder import World

pytestmark = on_both_databases

TEXT = "# Lenses\n\nA *lens* bends light.\n\n<script>alert(1)</script>"


@pytest.fixture
async def course(world: World, instructor: Account, learner: Account) -> Course:
    return await world.course("Optics", instructors=[instructor], learners=[learner])


@pytest.fixture
async def lesson(world: World, course: Course) -> Lesson:
    return await world.lesson(course, "Reading", text=TEXT)


async def facts(database: Database) -> list[str]:
    async with database.read() as session:
        rows = await session.scalars(select(LearningEvent.kind).order_by(LearningEvent.id))
        return [str(kind) for kind in rows if str(kind) not in ("enrolled", "achievement_unlocked")]


def learn(lesson: Lesson) -> str:
    return f"/dashboard/courses/{lesson.course_id}/lessons/{lesson.id}"


def teach(lesson: Lesson) -> str:
    return f"/teach/courses/{lesson.course_id}/lessons/{lesson.id}"


async def test_from_an_empty_lesson_to_a_completed_course(
    course: Course, instructor: Account, learner: Account, database: Database
) -> None:
    made = await instructor.browser.post(
        f"/teach/courses/{course.id}/lessons", data={"title": "Reading", "kind": "text"}
    )
    here = made.headers["location"]
    lesson_id = here.rpartition("/")[2]
    await instructor.api.patch(f"/api/lessons/{lesson_id}", json={"status": "published"})
    assert (await learner.api.get(f"/api/courses/{course.id}/progress")).json()["required"] == 0
    refused = await learner.api.post(f"/api/lessons/{lesson_id}/complete")
    assert (refused.status_code, refused.json()["detail"]) == (409, "This lesson has no text to read yet.")

    saved = await instructor.browser.post(f"{here}/text", data={"markdown": TEXT, "version": "1"})
    assert (saved.status_code, saved.headers["location"]) == (303, here)
    assert "alert(1)" in (await instructor.browser.get(here)).text

    page = await learner.browser.get(f"/dashboard/courses/{course.id}/lessons/{lesson_id}")
    assert faults(page.text) == []
    assert "<h2>Lenses</h2>" in page.text
    assert "<em>lens</em>" in page.text
    assert "<script>alert" not in page.text
    assert "1 min to read" in page.text

    read = await learner.browser.post(f"/dashboard/courses/{course.id}/lessons/{lesson_id}/read")
    assert read.status_code == 303
    assert "Lesson completed" in (await learner.browser.get(read.headers["location"])).text
    again = await learner.api.post(f"/api/lessons/{lesson_id}/complete")
    assert (again.status_code, again.json()["course_completed"]) == (200, True)
    assert await facts(database) == [
        *("lesson_started", "course_started"),
        *("lesson_completed", "course_halfway", "course_completed"),
    ]


async def test_opening_counts_once_and_makes_active(
    lesson: Lesson, learner: Account, database: Database, held_clock: HeldClock
) -> None:
    prefetched = await learner.browser.get(learn(lesson), headers={"Sec-Purpose": "prefetch"})
    assert prefetched.status_code == 200
    assert await facts(database) == []
    for _ in range(2):
        await learner.browser.get(learn(lesson))
    held_clock.advance(minutes=5)
    known = (await learner.api.get(f"/api/lessons/{lesson.id}/text")).json()
    assert (known["markdown"], "<h2>Lenses</h2>" in known["html"]) == (None, True)
    assert await facts(database) == ["lesson_started", "course_started"]
    async with database.read() as session:
        reading = (await session.scalars(select(LessonReading))).one()
        assert len((await session.scalars(select(ActivityDay))).all()) == 1
    assert (reading.user_id, reading.last_at) == (learner.id, held_clock.now())
    assert reading.first_at < reading.last_at


async def test_staff_preview_without_facts(lesson: Lesson, instructor: Account, database: Database) -> None:
    page = await instructor.browser.get(learn(lesson))
    assert "Mark as read" not in page.text
    assert (await instructor.api.get(f"/api/lessons/{lesson.id}/text")).json()["markdown"] == TEXT
    assert (await instructor.api.post(f"/api/lessons/{lesson.id}/complete")).status_code == 409
    refused = await instructor.browser.post(f"{learn(lesson)}/read")
    assert "only learners" in (await instructor.browser.get(refused.headers["location"])).text
    assert await facts(database) == []
    async with database.read() as session:
        assert (await session.scalars(select(LessonReading))).all() == []


async def test_where_to_go_on_after_reading(
    world: World, course: Course, lesson: Lesson, learner: Account, held_clock: HeldClock
) -> None:
    """A text that was opened is where the learner goes on; once it is read, the next lesson is."""
    await world.lesson(course, "Empty", text="")
    second = await world.lesson(course, "Further reading", text="More.")
    await learner.browser.get(learn(lesson))
    first = (await learner.api.get("/api/me/continue")).json()[0]
    assert (first["lesson"]["id"], first["lesson"]["kind"]) == (lesson.id, "text")
    await learner.api.post(f"/api/lessons/{lesson.id}/complete")
    assert (await learner.api.get("/api/me/continue")).json()[0]["lesson"]["id"] == second.id
    known = (await learner.api.get(f"/api/courses/{course.id}/progress")).json()
    assert known == {"done": 1, "required": 2, "percent": 50, "completed": False}
    dashboard = (await learner.browser.get("/dashboard")).text
    assert "Further reading" in dashboard
    page = (await learner.browser.get(f"/dashboard/courses/{course.id}")).text
    assert "Go on learning" in page
    assert "No text yet" in page


async def test_save_over_a_later_one_shows_both(lesson: Lesson, instructor: Account) -> None:
    page = Page((await instructor.browser.get(teach(lesson))).text)
    form = next(one for one in page.all("form") if one.attributes.get("id") == "text-form")
    started = {
        one.attributes["name"]: one.attributes["value"]
        for one in page.all("input")
        if form in one.parents and one.attributes.get("type") == "hidden"
    }
    other = await instructor.api.put(
        f"/api/lessons/{lesson.id}/text", json={"markdown": "Theirs.", "version": 2}
    )
    assert (other.status_code, other.json()["version"]) == (200, 3)
    mine = started | {"markdown": "Mine."}
    refused = await instructor.browser.post(f"{teach(lesson)}/text", data=mine)
    assert refused.status_code == 409
    assert faults(refused.text) == []
    assert "Theirs." in refused.text
    assert "Mine." in refused.text
    stale = await instructor.api.put(
        f"/api/lessons/{lesson.id}/text", json={"markdown": "Mine.", "version": 2}
    )
    assert (stale.status_code, stale.json()["conflicts"]["markdown"]["saved"]) == (409, "Theirs.")


async def test_first_saves_at_once_lose_neither(
    world: World, course: Course, instructor: Account, database: Database, held_clock: HeldClock
) -> None:
    lesson = await world.lesson(course, "New", text="")
    saves = [
        service.save(database, instructor.viewer, lesson.id, NewText(text, 1), held_clock.now())
        for text in ("One.", "Two.")
    ]
    outcomes = await asyncio.gather(*saves, return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes].count("EditConflict") == 1
    assert all(isinstance(outcome, EditConflict) or "p>" in outcome.html for outcome in outcomes)  # type: ignore[union-attr]


async def test_preview_saves_nothing(lesson: Lesson, instructor: Account) -> None:
    shown = await instructor.browser.post(f"{teach(lesson)}/text/preview", data={"markdown": "**New** <b>"})
    assert shown.status_code == 200
    assert faults(shown.text) == []
    assert "<strong>New</strong> &lt;b&gt;" in shown.text
    assert (await instructor.api.get(f"/api/lessons/{lesson.id}/text")).json()["markdown"] == TEXT


async def test_too_long_a_text_comes_back(lesson: Lesson, instructor: Account) -> None:
    refused = await instructor.browser.post(f"{teach(lesson)}/text", data={"markdown": "word " * 25_000})
    assert refused.status_code == 422
    assert "at most 100,000 characters" in refused.text
    assert "word word" in refused.text


async def test_emptied_text_is_no_longer_required(
    lesson: Lesson, instructor: Account, learner: Account
) -> None:
    await instructor.api.put(f"/api/lessons/{lesson.id}/text", json={"markdown": " "})
    known = (await learner.api.get(f"/api/courses/{lesson.course_id}/progress")).json()
    assert (known["required"], known["percent"]) == (0, 0)
    assert "has not been written yet" in (await learner.browser.get(learn(lesson))).text


async def test_text_lessons_take_no_video_and_videos_no_text(
    world: World, course: Course, lesson: Lesson, instructor: Account
) -> None:
    asked = {"lesson_id": lesson.id, "filename": "lecture.mp4"}
    refused = await instructor.api.post("/api/video/upload/init", json=asked)
    assert (refused.status_code, "takes no video" in refused.json()["detail"]) == (409, True)
    video = await world.lesson(course, "Video")
    assert (await instructor.api.get(f"/api/lessons/{video.id}/text")).status_code == 404
    saved = await instructor.api.put(f"/api/lessons/{video.id}/text", json={"markdown": "x"})
    assert saved.status_code == 404
    unknown = await instructor.api.post(
        f"/api/courses/{course.id}/lessons", json={"title": "x", "kind": "song"}
    )
    assert (unknown.status_code, "kind" in unknown.json()["fields"]) == (400, True)
