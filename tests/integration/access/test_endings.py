"""Ends of access: which session, token and open event stream ends with what."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx

from server.accounts.signing_in import invitations
from server.core.web.cookies import cookie_name
from storage.database.tables import Course, User
from storage.states import RevisionState, Role
from tests.fixtures.server_process import Campus

BOTH = {"cookie", "token"}
PASSWORD = "an entirely new one"


@dataclass
class Teacher:
    """Instructor of the course, with a browser and a program that follow its lesson."""

    user: User
    campus: Campus
    course: Course
    browser: httpx.AsyncClient
    program: httpx.AsyncClient

    async def patched(self, **changes: object) -> None:
        async with self.campus.client("administrator") as administrator:
            answer = await administrator.patch(f"/api/people/{self.user.id}", json=changes)
        assert answer.status_code == 200, answer.text


async def signs_out(teacher: Teacher) -> None:
    assert (await teacher.browser.post("/sign-out")).status_code == 303


async def signs_out_everywhere_else(teacher: Teacher) -> None:
    assert (await teacher.browser.post("/account/sessions/end")).status_code == 303


async def gets_a_password(teacher: Teacher) -> None:
    await teacher.patched(password=PASSWORD)


async def is_disabled(teacher: Teacher) -> None:
    await teacher.patched(disabled=True)


async def is_disabled_and_enabled_again(teacher: Teacher) -> None:
    await teacher.patched(disabled=True)
    await teacher.patched(disabled=False)


async def uses_a_link(teacher: Teacher) -> None:
    link = await invitations.invite(
        teacher.campus.world.database, teacher.user.id, teacher.campus.world.now()
    )
    async with httpx.AsyncClient(base_url=teacher.campus.server.url) as visitor:
        assert (await visitor.post(link.path, data={"password": PASSWORD})).status_code == 303


async def becomes_a_learner(teacher: Teacher) -> None:
    await teacher.patched(role="learner")


async def leaves_the_course(teacher: Teacher) -> None:
    path = f"/api/courses/{teacher.course.id}/instructors/{teacher.user.id}"
    async with teacher.campus.client("administrator") as administrator:
        assert (await administrator.delete(path)).status_code == 204


async def revokes_the_token(teacher: Teacher) -> None:
    (token,) = (await teacher.program.get("/api/me/tokens")).json()
    assert (await teacher.program.delete(f"/api/me/tokens/{token['id']}")).status_code == 204


async def changes_nothing(teacher: Teacher) -> None:
    await teacher.patched(name="Max")


# What ends: the requests of the browser or the program, and their streams.
ENDINGS: dict[Callable[[Teacher], Awaitable[None]], tuple[set[str], set[str]]] = {
    changes_nothing: (set(), set()),
    signs_out: ({"cookie"}, {"cookie"}),
    signs_out_everywhere_else: ({"token"}, {"token"}),
    revokes_the_token: ({"token"}, {"token"}),
    gets_a_password: (BOTH, BOTH),
    is_disabled: (BOTH, BOTH),
    is_disabled_and_enabled_again: (BOTH, BOTH),
    uses_a_link: (BOTH, BOTH),
    becomes_a_learner: (set(), BOTH),
    leaves_the_course: (set(), BOTH),
}


async def test_what_ends_with_what(campus: Campus) -> None:
    """Streams of all of them are open, then access ends, then the lesson changes."""
    course = await campus.world.course(
        "Optics", instructors=[await campus.world.person("Head", role=Role.INSTRUCTOR)]
    )
    lesson = await campus.world.lesson(course)
    path = f"/api/video/transcode/status/{lesson.id}/events"
    async with AsyncExitStack() as stack:
        teachers = {
            ending: await _teacher(campus, course, number, stack) for number, ending in enumerate(ENDINGS)
        }
        streams = {
            (ending, how): await _follow(client, path, stack)
            for ending, teacher in teachers.items()
            for how, client in (("cookie", teacher.browser), ("token", teacher.program))
        }
        for ending, teacher in teachers.items():
            await ending(teacher)
        await campus.world.video(lesson, state=RevisionState.WAITING)
        over = await asyncio.gather(*(_is_over(stream) for stream in streams.values()))
        found = {
            ending.__name__: (await _refused(teacher), set[str]()) for ending, teacher in teachers.items()
        }
        for (ending, how), ended in zip(streams, over, strict=True):
            if ended:
                found[ending.__name__][1].add(how)
    assert found == {ending.__name__: expected for ending, expected in ENDINGS.items()}


async def _teacher(campus: Campus, course: Course, number: int, stack: AsyncExitStack) -> Teacher:
    user = await campus.world.person(f"Teacher {number}", role=Role.INSTRUCTOR)
    await campus.world.teach(course, user)
    cookie = {cookie_name(campus.server.url): await campus.world.session(user)}
    token = {"Authorization": f"Bearer {await campus.world.token(user)}"}
    made = [
        httpx.AsyncClient(base_url=campus.server.url, timeout=30, cookies=cookies, headers=headers)
        for cookies, headers in ((cookie, {"Sec-Fetch-Site": "same-origin"}), ({}, token))
    ]
    browser, program = [await stack.enter_async_context(client) for client in made]
    return Teacher(user, campus, course, browser, program)


async def _follow(client: httpx.AsyncClient, path: str, stack: AsyncExitStack) -> AsyncIterator[str]:
    """Stream after its first event."""
    answer = await stack.enter_async_context(client.stream("GET", path))
    assert answer.status_code == 200
    lines = answer.aiter_lines()
    while not (await asyncio.wait_for(anext(lines), 20)).startswith("data: "):
        pass
    return lines


async def _is_over(lines: AsyncIterator[str]) -> bool:
    """Whether it ends instead of sending the next event."""
    async with asyncio.timeout(30):
        async for line in lines:
            if line.startswith("data: "):
                return False
    return True


async def _refused(teacher: Teacher) -> set[str]:
    clients = (("cookie", teacher.browser), ("token", teacher.program))
    return {how for how, client in clients if (await client.get("/api/me")).status_code == 401}
