"""Lessons and courses that are withdrawn while an attempt is open."""

import pytest

from storage.database.engine import Database
from storage.database.tables import Course, Lesson
from storage.states import PublicationStatus
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import MakeAccount
from tests.integration.learning.quizzes.conftest import Exam

pytestmark = on_both_databases


async def withdraw(database: Database, exam: Exam, withdrawn: str) -> None:
    """Make the lesson or the course a draft again."""
    async with database.write() as session:
        if withdrawn == "lesson":
            (await session.get_one(Lesson, exam.lesson.id)).status = PublicationStatus.DRAFT
        else:
            (await session.get_one(Course, exam.course.id)).status = PublicationStatus.DRAFT


@pytest.mark.parametrize("withdrawn", ["lesson", "course"])
async def test_withdrawing_takes_no_answer_from_an_open_attempt(
    exam: Exam, database: Database, withdrawn: str
) -> None:
    attempt = await exam.open()
    await withdraw(database, exam, withdrawn)
    saved = await exam.learner.api.put(
        f"{exam.url}/attempts/{attempt['id']}/answers", json={"answers": {"single": ["red"]}}
    )
    assert saved.status_code == 200
    page = f"/dashboard/courses/{exam.course.id}/lessons/{exam.lesson.id}/attempts/{attempt['id']}"
    typed = {"action": "submit", "a-single": "red"}
    handed_in = await exam.learner.browser.post(page, data=typed)
    assert (handed_in.status_code, handed_in.headers["location"]) == (303, "/dashboard")
    kept = (await exam.learner.api.get(f"{exam.url}/attempts/{attempt['id']}")).json()
    assert (kept["state"], kept["questions"][0]["given"]) == ("submitted", ["red"])
    refused = await exam.learner.api.post(f"{exam.url}/attempts")
    assert refused.status_code == 404  # a new one is not opened


@pytest.mark.parametrize("action", ["submit", "save", "look"])
async def test_deleted_quiz_is_told_as_gone_with_the_way_to_the_course(exam: Exam, action: str) -> None:
    attempt = await exam.open()
    await exam.teacher.api.delete(f"/api/lessons/{exam.lesson.id}")
    saved = await exam.learner.api.put(
        f"{exam.url}/attempts/{attempt['id']}/answers", json={"answers": {"single": ["red"]}}
    )
    assert saved.status_code == 404
    assert "its quiz may have been deleted meanwhile" in saved.json()["detail"]
    page, browser = f"{exam.page}/attempts/{attempt['id']}", exam.learner.browser
    typed = {"action": action, "a-single": "red"}
    told = await (browser.get(page) if action == "look" else browser.post(page, data=typed))
    assert told.status_code == 410
    assert "This quiz is no longer there. It was deleted or withdrawn meanwhile." in told.text
    assert f'href="/dashboard/courses/{exam.course.id}">To the course' in told.text
    begun = await browser.post(f"{exam.page}/quiz")
    assert (begun.status_code, "This quiz is no longer there." in begun.text) == (410, True)
    lesson = await browser.get(exam.page)
    assert lesson.status_code == 404
    assert f'href="/dashboard/courses/{exam.course.id}">To the course' in lesson.text


@pytest.mark.parametrize("withdrawn", ["lesson", "course"])
async def test_withdrawn_quiz_is_told_and_keeps_its_answers(
    exam: Exam, database: Database, withdrawn: str
) -> None:
    attempt = await exam.open()
    await withdraw(database, exam, withdrawn)
    page = f"{exam.page}/attempts/{attempt['id']}"
    saved = await exam.learner.browser.post(page, data={"action": "save", "a-single": "red"})
    assert (saved.status_code, saved.headers["location"]) == (303, page)
    told = await exam.learner.browser.get(page)
    assert told.status_code == 410
    assert "This quiz was withdrawn meanwhile. The answers that you saved are kept." in told.text
    assert ("To the course" in told.text) == (withdrawn == "lesson")


async def test_other_peoples_attempts_are_not_told_as_gone(exam: Exam, make_account: MakeAccount) -> None:
    attempt = await exam.open()
    page = f"{exam.page}/attempts/{attempt['id']}"
    stranger = await make_account("learner", "stranger@example.edu", "A Stranger")
    for account in (exam.teacher, stranger):
        assert (await account.browser.get(page)).status_code == 404
    await exam.teacher.api.delete(f"/api/lessons/{exam.lesson.id}")
    assert (await stranger.browser.get(page)).status_code == 404
