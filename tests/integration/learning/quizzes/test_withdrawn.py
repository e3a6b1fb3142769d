"""Lessons and courses that are withdrawn while an attempt is open."""

import pytest

from storage.database.engine import Database
from storage.database.tables import Course, Lesson
from storage.states import PublicationStatus
from tests.fixtures.database import on_both_databases
from tests.integration.learning.quizzes.conftest import Exam

pytestmark = on_both_databases


@pytest.mark.parametrize("withdrawn", ["lesson", "course"])
async def test_withdrawing_takes_no_answer_from_an_open_attempt(
    exam: Exam, database: Database, withdrawn: str
) -> None:
    attempt = await exam.open()
    async with database.write() as session:
        if withdrawn == "lesson":
            (await session.get_one(Lesson, exam.lesson.id)).status = PublicationStatus.DRAFT
        else:
            (await session.get_one(Course, exam.course.id)).status = PublicationStatus.DRAFT
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
