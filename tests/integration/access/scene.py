"""Course with people in every role, and the application's routes."""

from dataclasses import dataclass, field
from datetime import timedelta

from litestar import Litestar
from litestar.routes import ASGIRoute, HTTPRoute
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.signing_in import tokens
from server.core.web.cookies import cookie_name
from server.uploads.service import open_upload
from storage.database.base import new_id
from storage.database.tables import Lesson
from tests.fixtures.web import BASE_URL, Account, MakeAccount
from tests.integration.access.bodies import PARAMETER
from tests.world.builder import World
from tests.world.catalogue import add_course, add_lesson
from tests.world.clock import START
from tests.world.learning import start_lesson
from tests.world.talk import add_post, add_review

PEOPLE = ("anonymous", "outsider", "learner", "other_teacher", "teacher", "administrator")
"""Not signed in; learner not enrolled; enrolled learner; instructor of another course; of this course."""


@dataclass
class AccessScene:
    app: Litestar
    world: World
    people: dict[str, Account] = field(default_factory=dict)

    async def ids(self, path: str) -> dict[str, str]:
        """Path parameters for a new course and lesson; an upload and a token only where `path` names one."""
        async with self.world.database.write() as session:  # one transaction: it runs before every request
            course = await add_course(
                session,
                "Optics",
                at=START,
                instructors=[self.people["teacher"].id, self.people["colleague"].id],
                learners=[self.people["learner"].id],
            )
            lesson = await add_lesson(session, course.id, "Lenses", at=START, position=0)
            post_id = await self._talk(session, lesson) if "posts" in path or "reviews" in path else ""
        return {
            "path": "token/video/master.m3u8",
            "course_id": course.id,
            "lesson_id": lesson.id,
            "user_id": self.people["colleague"].id,
            "person_id": self.people["other_learner"].id,
            "email": self.people["other_learner"].email,
            "colleague": self.people["other_teacher"].email,
            "token_id": await self._token() if "token_id" in path else "",
            "token": "no-such-link",
            "name": "no-such-task",
            "post_id": post_id,
            "upload_id": await self._upload(lesson.id) if "upload_id" in path else "",
            "new": f"{new_id()}@example.edu",
        }

    async def _talk(self, session: AsyncSession, lesson: Lesson) -> str:
        """A post of the learner, who has begun the course, and a review of the colleague."""
        await session.flush()
        before = START - timedelta(minutes=10)  # else it counts among the posts of this minute
        post = add_post(session, lesson.id, self.people["learner"].id, at=before)
        add_review(session, lesson.course_id, self.people["colleague"].id, at=START)
        await start_lesson(session, self.people["learner"].id, lesson, START)
        return post.id

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
