"""A course with one published quiz lesson, and a learner who attempts it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from server.learning.quizzes.model import QuizContent
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import Course, LearningEvent, Lesson, Quiz
from storage.states import LessonKind
from tests.fixtures.web import Account
from tests.world import quizzes
from tests.world.builder import World


@dataclass(frozen=True)
class Exam:
    """The quiz with its lesson and course. `url` is the API's, of the lesson's quiz."""

    course: Course
    lesson: Lesson
    quiz: Quiz
    learner: Account
    teacher: Account
    database: Database

    @property
    def url(self) -> str:
        return f"/api/lessons/{self.lesson.id}/quiz"

    @property
    def page(self) -> str:
        return f"/dashboard/courses/{self.course.id}/lessons/{self.lesson.id}"

    @property
    def editor(self) -> str:
        return f"/teach/courses/{self.course.id}/lessons/{self.lesson.id}/quiz"

    async def open(self, account: Account | None = None) -> dict[str, Any]:
        answer = await (account or self.learner).api.post(f"{self.url}/attempts")
        assert answer.status_code == 200, answer.text
        opened: dict[str, Any] = answer.json()
        return opened

    async def submit(self, attempt: dict[str, Any], **answers: list[str]) -> Any:
        """Response to a submission by the learner."""
        where = f"{self.url}/attempts/{attempt['id']}/submit"
        return await self.learner.api.post(where, json={"answers": answers})

    async def facts(self) -> list[tuple[str, str]]:
        """Kind and subject of what was achieved in quizzes and lessons."""
        async with self.database.read() as session:
            rows = await session.scalars(select(LearningEvent).order_by(LearningEvent.id))
            others = (
                "enrolled",
                "achievement_unlocked",
                "quiz_submitted",
                "course_started",
                "course_halfway",
            )
            return [(str(row.kind), row.subject) for row in rows if str(row.kind) not in others]


@pytest.fixture
def services(app: Litestar) -> Services:
    found: Services = app.state["services"]
    return found


MakeExam = Callable[[QuizContent], Awaitable[Exam]]


@pytest.fixture
def make_exam(world: World, instructor: Account, learner: Account) -> MakeExam:
    async def make(content: QuizContent) -> Exam:
        course = await world.course("Colours", instructors=[instructor], learners=[learner])
        lesson = await world.lesson(course, "Test", kind=LessonKind.QUIZ)
        quiz = await world.quiz(lesson, content)
        return Exam(course, lesson, quiz, learner, instructor, world.database)

    return make


@pytest.fixture
async def exam(make_exam: MakeExam) -> Exam:
    return await make_exam(quizzes.CONTENT)
