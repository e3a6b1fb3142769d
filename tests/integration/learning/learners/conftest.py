"""A course with learners in every state."""

from dataclasses import dataclass

import pytest

from storage.database.tables import Course, Lesson, Quiz, User
from storage.states import LessonKind
from tests.fixtures.web import Account, HeldClock
from tests.world.builder import World
from tests.world.quizzes import add_graded


@dataclass(frozen=True)
class Classroom:
    """Course of a video of 1,000 s, a text, a quiz, and a draft. Ada completed it; Ben watched half of the
    video; Cem only failed the quiz; Dora did nothing; Eva left after the text; the teacher is in it."""

    world: World
    teacher: Account
    course: Course
    video: Lesson
    text: Lesson
    quiz: Quiz
    people: dict[str, User]

    @property
    def page(self) -> str:
        return f"/teach/courses/{self.course.id}/progress"

    @property
    def api(self) -> str:
        return f"/api/courses/{self.course.id}/learners"

    async def graded(self, name: str, points: float, n: int = 1) -> None:
        """An attempt of this person with so many of five points."""
        async with self.world.database.write() as session:
            user_id, at = self.people[name].id, self.world.now()
            await add_graded(session, self.quiz, user_id, points, n=n, at=at)


@pytest.fixture
async def classroom(world: World, instructor: Account, held_clock: HeldClock) -> Classroom:
    people = {name: await world.person(f"{name} Adams") for name in ("Ada", "Ben", "Cem", "Dora", "Eva")}
    course = await world.course("Optics", instructors=[instructor], learners=[*people.values(), instructor])
    video = await world.lesson(course, "Rays")
    await world.video(video, seconds=1000)
    video = await world.reload(video)
    text = await world.lesson(course, "Reading", text="# Light")
    test = await world.lesson(course, "Test", kind=LessonKind.QUIZ)
    room = Classroom(world, instructor, course, video, text, await world.quiz(test), people)
    await world.lesson(course, "Draft", status="draft", text="# Later")
    await world.watched(video, people["Ada"], ((0, 10000),))
    held_clock.advance(hours=1)
    await world.completed(text, people["Ada"], people["Eva"])
    await world.completed(video, people["Ada"])
    for n, points in enumerate((2.0, 4.0), start=1):
        await room.graded("Ada", points, n)
    await world.completed(await world.reload(test), people["Ada"])
    await room.graded("Cem", 1.0)
    held_clock.advance(hours=1)
    await world.watched(video, people["Ben"], ((0, 2000), (5000, 8000)))
    await world.watched(video, instructor, ((0, 10000),), staff=True)
    await world.ended(course, people["Eva"])
    return room
