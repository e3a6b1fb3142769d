"""World: the people, courses, lessons and videos of a test, as rows.

Every method is one transaction and returns rows that belong to no session. It stores no object and
sends no message. Time is that of `now`, START unless it is given.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import inspect

from server.accounts.signing_in import sessions, tokens
from server.learning.quizzes.model import QuizContent
from server.library.enrolments import end, enrol
from server.watching.spans import Spans
from storage.database.base import Base
from storage.database.engine import Database
from storage.database.tables import (
    Certificate,
    Challenge,
    Course,
    CourseInstructor,
    Lesson,
    LessonFile,
    Quiz,
    Team,
    User,
    Video,
)
from storage.states import FileKind, LessonKind, RevisionState, Role
from tests.world import catalogue, learning, media, payments, people, quizzes, teams, videos
from tests.world.catalogue import PUBLISHED
from tests.world.clock import START

Row = TypeVar("Row", bound=Base)


class Person(Protocol):
    """User row, or an account with HTTP clients."""

    @property
    def id(self) -> str: ...


@dataclass(frozen=True)
class World:
    database: Database
    now: Callable[[], datetime] = lambda: START

    async def person(
        self,
        name: str,
        *,
        role: str = Role.LEARNER,
        email: str | None = None,
        password: str | None = None,
        user_id: str | None = None,
    ) -> User:
        """Account; without `password` it cannot sign in with one. `email` follows from the name."""
        async with self.database.write() as session:
            return people.add_person(
                session, name, role=role, email=email, password=password, at=self.now(), user_id=user_id
            )

    async def session(self, user: Person) -> str:
        """Signed-in browser; returns the value of its cookie."""
        async with self.database.write() as session:
            return await sessions.start(session, user.id, replacing=None, now=self.now())

    async def token(self, user: Person) -> str:
        """Bearer token for programs."""
        own = user.id
        return (await tokens.make(self.database, own, name="tests", now=self.now(), by=own)).token

    async def course(
        self,
        title: str = "Optics",
        *,
        instructors: Iterable[Person] = (),
        learners: Iterable[Person] = (),
        description: str = "",
        status: str = PUBLISHED,
    ) -> Course:
        async with self.database.write() as session:
            return await catalogue.add_course(
                session,
                title,
                at=self.now(),
                instructors=[user.id for user in instructors],
                learners=[user.id for user in learners],
                description=description,
                status=status,
            )

    async def lesson(
        self,
        course: Course | None = None,
        title: str = "Lenses",
        *,
        description: str = "",
        status: str = PUBLISHED,
        kind: LessonKind | None = None,
        text: str | None = None,
    ) -> Lesson:
        """Lesson at the end of the course; without `course`, of a new one. With `text` a text lesson, which
        has nothing to read yet if it is empty."""
        async with self.database.write() as session:
            course = course or await catalogue.add_course(session, "Optics", at=self.now(), status=status)
            return await catalogue.add_lesson(
                session,
                course.id,
                title,
                at=self.now(),
                description=description,
                status=status,
                kind=kind,
                text=text,
            )

    async def file(
        self,
        lesson: Lesson,
        name: str = "notes.txt",
        content: bytes = b"notes",
        *,
        kind: FileKind = FileKind.ATTACHMENT,
    ) -> LessonFile:
        """Attachment or picture of a lesson."""
        async with self.database.write() as session:
            return await catalogue.add_file(
                session, lesson.id, name, kind=kind, content=content, at=self.now()
            )

    async def quiz(
        self, lesson: Lesson, content: QuizContent = quizzes.CONTENT, *, moment: float | None = None
    ) -> Quiz:
        """Quiz of a quiz lesson, or at a moment of a video; by default with a question of every kind."""
        async with self.database.write() as session:
            return await quizzes.add_quiz(session, lesson, content, at=self.now(), moment=moment)

    async def enrol(self, course: Course, *learners: Person) -> None:
        async with self.database.write() as session:
            ids = [user.id for user in learners]
            await enrol(session, course.id, ids, actor_id=ids[0], now=self.now())

    async def ended(self, course: Course, *learners: Person) -> None:
        """These learners leave the course."""
        async with self.database.write() as session:
            for user in learners:
                await end(session, course.id, user.id, actor_id=user.id, now=self.now())

    async def teach(self, course: Course, *instructors: Person) -> None:
        async with self.database.write() as session:
            session.add_all(CourseInstructor(course_id=course.id, user_id=user.id) for user in instructors)

    async def video(
        self,
        lesson: Lesson | str,
        *,
        state: str = RevisionState.READY,
        seconds: float | None = 60,
        chunks: int | None = None,
        audio_seconds: float | None = None,
        height: int = 1080,
        video: bool = True,
        audio: bool = True,
        filename: str = "lecture.mp4",
        error: str = videos.ERROR,
        submitted_by: str | None = None,
    ) -> Video:
        """Newest revision of the lesson (or of the lesson with this id), in any state.

        `chunks` and `audio_seconds`: how much of it is encoded, where the state leaves that open. A
        failed one without `seconds` failed before it had a plan.
        """
        source = media.source_of(seconds, height=height, video=video, audio=audio) if seconds else None
        async with self.database.write() as session:
            return await videos.add_video(
                session,
                lesson if isinstance(lesson, str) else lesson.id,
                state=state,
                source=source,
                encoded=videos.Encoded(chunks, audio_seconds),
                at=self.now(),
                filename=filename,
                error=error,
                submitted_by=submitted_by,
            )

    async def completed(self, lesson: Lesson, *learners: Person) -> None:
        """Publish that these learners completed the lesson."""
        async with self.database.write() as session:
            for user in learners:
                await learning.complete_lesson(session, user.id, lesson, self.now())

    async def watched(self, lesson: Lesson, viewer: Person, seen: Spans, **about: Any) -> None:
        """One session in which the viewer played these spans, in tenths of a second."""
        async with self.database.write() as session:
            learning.add_watched(session, viewer.id, lesson, seen, self.now(), **about)

    async def course_completed(self, course: Course, *learners: Person) -> None:
        """Publish that these learners completed the course."""
        async with self.database.write() as session:
            for user in learners:
                await learning.complete_course(session, user.id, course.id, self.now())

    async def certificate(self, course: Course, learner: Person) -> Certificate:
        """Certificate of a course, which gives them from now on."""
        async with self.database.write() as session:
            return await learning.add_certificate(session, learner.id, course.id, self.now())

    async def code(self, course: Course) -> str:
        """Code by which people enrol in the course."""
        async with self.database.write() as session:
            return await learning.add_code(session, course.id, self.now())

    async def team(self, name: str, *learners: Person, course: Course | None = None) -> Team:
        """Team of these people, or of a course."""
        async with self.database.write() as session:
            ids = [user.id for user in learners]
            return await teams.add_team(session, name, ids, course.id if course else None, self.now())

    async def challenge(self, *, begins_in: int = 0, days: int = 7, **terms: Any) -> Challenge:
        """Challenge that begins in some days; by default five lessons of everybody together."""
        async with self.database.write() as session:
            return await teams.add_challenge(session, self.now(), begins_in, days, terms)

    async def payment(self, **terms: Any) -> str:
        """Id of a one-off payment of 10.00 EUR, unless `terms` of `NewPayment` say otherwise."""
        return await payments.add_payment(self.database, self.now(), terms)

    async def reload(self, row: Row) -> Row:
        """The row as it is now."""
        async with self.database.read() as session:
            return await session.get_one(type(row), inspect(row).identity)
