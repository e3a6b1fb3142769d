"""Course with people in every role, and the application's routes."""

from dataclasses import dataclass, field
from datetime import timedelta

from litestar import Litestar
from litestar.routes import ASGIRoute, HTTPRoute
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.signing_in import tokens
from server.core.web.cookies import cookie_name
from server.gamification.changes import service
from server.gamification.changes.rules import CalendarChange, DayOff
from server.uploads.service import open_upload
from storage.database.base import new_id
from storage.database.tables import Lesson
from storage.objects import keys
from storage.states import FileKind, LessonKind, PaymentKind
from tests.fixtures.web import BASE_URL, Account, MakeAccount
from tests.integration.access.bodies import PARAMETER
from tests.world import quizzes
from tests.world.builder import World
from tests.world.catalogue import add_course, add_file, add_lesson
from tests.world.clock import START
from tests.world.learning import add_break, add_certificate, add_code, start_lesson
from tests.world.talk import add_post, add_review

PEOPLE = ("anonymous", "outsider", "learner", "other_teacher", "teacher", "administrator")
"""Not signed in; learner not enrolled; enrolled learner; instructor of another course; of this course."""


OF_LEARNERS = ("/learners/{user_id}", "/progress/{user_id}")  # paths that name a learner of the course
OF_TEXTS = ("/text", "/read")  # paths that are about text lessons


@dataclass
class AccessScene:
    app: Litestar
    world: World
    people: dict[str, Account] = field(default_factory=dict)
    days: int = 0  # that were proposed as days off

    async def ids(self, path: str) -> dict[str, str]:
        """Path parameters for a new course and lesson; of upload, file and token those that `path` names."""
        async with self.world.database.write() as session:  # one transaction: it runs before every request
            course = await add_course(
                session,
                "Optics",
                at=START,
                instructors=[self.people["teacher"].id, self.people["colleague"].id],
                learners=[self.people["learner"].id],
            )
            found = await self._in_course(session, course.id, path)
        return {
            "path": "token/video/master.m3u8",
            "course_id": course.id,
            "question_id": "single",
            "user_id": self.people["learner" if path.endswith(OF_LEARNERS) else "colleague"].id,
            "person_id": self.people["other_learner"].id,
            "email": self.people["other_learner"].email,
            "colleague": self.people["other_teacher"].email,
            "token_id": await self._token() if "token_id" in path else "",
            "token": "no-such-link",
            "metric_id": "people_new",
            **{"table_file": "engagement.csv", "rows_file": "people_new.xlsx", "report": "week-2026-W01.txt"},
            "name": "no-such-task",
            "team_id": await self._team() if "team_id" in path else "",
            "challenge_id": await self._challenge(path) if "challenge_id" in path else "",
            "payment_id": await self._payment(path) if "payment_id" in path else "",
            "logo_id": "no-such-logo",
            "date": START.date().replace(day=1).isoformat(),
            "achievement_id": "first_steps",
            "change_id": await self._change() if "change_id" in path else "",
            "upload_id": await self._upload(found["lesson_id"]) if "upload_id" in path else "",
            "new": f"{new_id()}@example.edu",
            **found,
        }

    async def _in_course(self, session: AsyncSession, course_id: str, path: str) -> dict[str, str]:
        """Path parameters for a new lesson of the course, and for what `path` names of both."""
        text = "Light." if any(part in path for part in OF_TEXTS) else None
        kind = LessonKind.QUIZ if "/quiz" in path or "attempt" in path else None
        lesson = await add_lesson(session, course_id, "Lenses", at=START, position=0, kind=kind, text=text)
        learner, certificate = self.people["learner"].id, ""
        if "{code" in path:
            certificate = (await add_certificate(session, learner, course_id, START)).code
        return {
            "lesson_id": lesson.id,
            "attempt_id": await self._attempt(session, lesson) if kind == LessonKind.QUIZ else "",
            "file_id": await self._file(session, lesson.id) if "file_id" in path else "",
            "post_id": await self._talk(session, lesson) if "posts" in path or "reviews" in path else "",
            "break_id": add_break(session, learner, START) if "break_id" in path else "",
            "join_code": await add_code(session, course_id, START) if "join" in path else "",
            "code": certificate,
        }

    async def _attempt(self, session: AsyncSession, lesson: Lesson) -> str:
        """Open attempt of the learner at a new quiz of the lesson."""
        await session.flush()
        quiz = await quizzes.add_quiz(session, lesson, quizzes.CONTENT, at=START)
        return (await quizzes.add_attempt(session, quiz, self.people["learner"].id, START)).id

    async def _file(self, session: AsyncSession, lesson_id: str) -> str:
        """Attachment with its object."""
        row = await add_file(session, lesson_id, "a.txt", kind=FileKind.ATTACHMENT, content=b"abc", at=START)
        await self.app.state["store"].put_bytes(keys.lesson_file(lesson_id, row.id), b"abc", "text/plain")
        return row.id

    async def _talk(self, session: AsyncSession, lesson: Lesson) -> str:
        """A post of the learner, who has begun the course, and a review of the colleague."""
        await session.flush()
        before = START - timedelta(minutes=10)  # else it counts among the posts of this minute
        post = add_post(session, lesson.id, self.people["learner"].id, at=before)
        add_review(session, lesson.course_id, self.people["colleague"].id, at=START)
        await start_lesson(session, self.people["learner"].id, lesson, START)
        return post.id

    async def _team(self) -> str:
        """Team with the colleague, whom {user_id} names."""
        return (await self.world.team("10a", self.people["colleague"])).id

    async def _challenge(self, path: str) -> str:
        """One that is running where it can be ended; changed and deleted are planned ones."""
        return (await self.world.challenge(begins_in=0 if path.endswith("/end") else 1)).id

    async def _payment(self, path: str) -> str:
        """A recurring one where it can be changed."""
        recurring = path.endswith(("/change", "/cancel"))
        return await self.world.payment(kind=PaymentKind.RECURRING if recurring else PaymentKind.ONE_OFF)

    async def _change(self) -> str:
        """Draft of one more day off."""
        self.days += 1
        change = CalendarChange(add=(DayOff(f"{2100 + self.days}-01-01"),))
        return await service.propose(self.world.database, self.people["administrator"].viewer, change, START)

    async def _token(self) -> str:
        made = await tokens.make(self.world.database, self.people["learner"].id, name="recorder", now=START)
        return made.id

    async def _upload(self, lesson_id: str) -> str:
        upload = await open_upload(
            self.app.state.upload_context,
            self.people["teacher"].viewer,
            lesson_id=lesson_id,
            filename="lecture.mp4",
            content_type="video/mp4",
            size=4,
            now=START,
        )
        return upload.id

    async def cookie(self, person: str) -> dict[str, str]:
        """Header with the cookie of a new session, empty for "anonymous"."""
        if person == "anonymous":
            return {}
        secret = await self.world.session(self.people[person])
        return {"cookie": f"{cookie_name(BASE_URL)}={secret}"}


async def make_scene(app: Litestar, world: World, make_account: MakeAccount) -> AccessScene:
    scene = AccessScene(app, world)
    roles = {
        "outsider": "learner",
        "learner": "learner",
        "other_teacher": "instructor",
        "teacher": "instructor",
        "colleague": "instructor",
        "administrator": "administrator",
        "other_learner": "learner",
    }
    for person, role in roles.items():
        scene.people[person] = await make_account(role, f"{person}@example.edu", person.title())
    return scene


def routes(app: Litestar) -> list[str]:
    """All routes, as in `GET /api/courses/{course_id}`, without static files. Of plain ASGI applications, the
    mounted ones are read and the other one is written to."""
    found = set()
    for route in app.routes:
        path = PARAMETER.sub(r"{\1}", route.path)
        if isinstance(route, ASGIRoute):
            found.add(f"GET {path}/{{path}}" if route.route_handler.is_mount else f"POST {path}")
        elif isinstance(route, HTTPRoute) and not path.startswith("/static/"):
            found |= {f"{method} {path}" for method in route.methods if method != "OPTIONS"}
    return sorted(found)
