"""People in every role, and the objects that requests are about: their own, other people's, and none."""

from dataclasses import dataclass, field

import httpx

from server.accounts.signing_in import invitations, tokens
from server.core.web.cookies import cookie_name
from storage.database.base import new_id
from storage.database.tables import User
from storage.states import LessonKind, RevisionState, Role
from tests.fixtures import tus
from tests.integration.garbage.draft import Draft
from tests.world import quizzes
from tests.world.builder import World
from tests.world.talk import add_post

ROLES = ("learner", "instructor", "administrator")
UNKNOWN = ("x", "%00", "..", "%e2%80%ae", "%27%20OR%201=1", "a" * 3000, "0" * 32)


@dataclass
class Subjects:
    """Made again now and then, since requests delete and disable what they can."""

    world: World
    url: str
    people: dict[str, User] = field(default_factory=dict)
    credentials: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)  # header by identity
    ids: dict[str, list[str]] = field(default_factory=dict)

    async def renew(self) -> None:
        for role in ROLES:
            if role not in self.people:
                self.people[role] = await self.world.person(role, role=role, password="correct horse battery")
        await self._restore()
        for role, person in self.people.items():
            secret, token = await self.world.session(person), await self.world.token(person)
            self.credentials[f"{role} by cookie"] = (b"cookie", f"{cookie_name(self.url)}={secret}".encode())
            self.credentials[f"{role} by token"] = (b"authorization", f"Bearer {token}".encode())
        await self._objects()

    async def _restore(self) -> None:
        async with self.world.database.write() as session:
            for role, person in self.people.items():
                user = await session.get_one(User, person.id)
                user.disabled_at, user.role = None, Role(role)

    async def _objects(self) -> None:
        learner, instructor, administrator = (self.people[role] for role in ROLES)
        own = await self.world.course("Optics", instructors=[instructor], learners=[learner])
        foreign = await self.world.course("Law", instructors=[administrator])
        lessons = [await self.world.lesson(course, "Lenses") for course in (own, foreign)]
        await self.world.video(lessons[0], state=RevisionState.ENCODING, seconds=60)
        now, database = self.world.now(), self.world.database
        test = await self.world.lesson(own, "Test", kind=LessonKind.QUIZ)
        quiz = await self.world.quiz(test)
        async with database.write() as session:
            attempt = await quizzes.add_attempt(session, quiz, learner.id, now)
        kept = [await tokens.make(database, person.id, name="x", now=now) for person in (learner, instructor)]
        link = await invitations.invite(database, learner.id, now)
        self.ids = {
            "course_id": [own.id, own.id, foreign.id, *UNKNOWN],
            "lesson_id": [lessons[0].id, lessons[0].id, test.id, test.id, lessons[1].id, *UNKNOWN],
            "attempt_id": [attempt.id, attempt.id, *UNKNOWN],
            "question_id": [question.id for question in quizzes.QUESTIONS] + list(UNKNOWN),
            "person_id": [learner.id, instructor.id, *UNKNOWN],
            "user_id": [learner.id, administrator.id, *UNKNOWN],
            "post_id": [await self._post(lessons[0].id, learner.id), *UNKNOWN],
            "token_id": [token.id for token in kept] + list(UNKNOWN),
            "file_id": [(await self.world.file(lesson)).id for lesson in lessons] + list(UNKNOWN),
            "upload_id": [await self._upload(lessons[0].id), *UNKNOWN],
            "token": [link.path.removeprefix("/invite/"), *UNKNOWN],
            "name": ["playback", *UNKNOWN],
            "path": ["token/video/master.m3u8", *UNKNOWN],
            "email": [learner.email],
            "colleague": [administrator.email],
            "new": [f"{new_id()}@example.edu"],
            "join_code": [await self.world.code(foreign), *UNKNOWN],
            "code": [(await self.world.certificate(own, learner)).code, *UNKNOWN],
        }

    async def _post(self, lesson_id: str, user_id: str) -> str:
        async with self.world.database.write() as session:
            return add_post(session, lesson_id, user_id, at=self.world.now()).id

    async def _upload(self, lesson_id: str) -> str:
        name, value = self.credentials["instructor by token"]
        headers = {
            name.decode(): value.decode(),
            "Tus-Resumable": "1.0.0",
            "Upload-Length": "4",
            "Upload-Metadata": tus.metadata(lesson_id),
        }
        async with httpx.AsyncClient(base_url=self.url, headers=headers) as client:
            answer = await client.post(tus.TUS)
        return str(answer.headers.get("location", "/x")).rpartition("/")[2]

    def sign(self, draft: Draft) -> None:
        """As a browser or a program of this identity sends it."""
        headers = [(b"host", self.url.removeprefix("http://").encode())]
        headers.append((b"accept", b"application/json" if draft.path.startswith("/api/") else b"text/html"))
        if draft.identity in self.credentials:
            headers.append(self.credentials[draft.identity])
        if not draft.identity.endswith("token"):
            headers.append((b"sec-fetch-site", b"same-origin"))
        given = {name for name, _ in draft.headers} - {b"cookie"}
        draft.headers = [(name, value) for name, value in headers if name not in given] + draft.headers
