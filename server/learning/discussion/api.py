"""Discussion of a lesson (spec section 8)."""

from typing import Annotated

from litestar import Router, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.lists import MAX_PAGE, ListState
from server.learning.discussion import moderation, reading, writing
from server.learning.discussion.schemas import (
    CoursePosts,
    DiscussionSettings,
    Moderated,
    NewPost,
    PostPatch,
    PostView,
    SeenUntil,
    Threads,
)
from server.library.access import lesson_for_learning
from storage.database.engine import Database
from storage.states import PostState

PageNumber = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]


@get("/lessons/{lesson_id:str}/posts")
async def list_posts(
    lesson_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    page: PageNumber = 1,
) -> Threads:
    """Threads of a lesson with their replies, 20 a page, newest activity first."""
    async with database.read() as session:
        lesson = await lesson_for_learning(session, viewer, lesson_id)
        state = ListState(reading.THREADS.sorts[0], page=page)
        shown = await reading.discussion(session, viewer, lesson, state, clock.now())
    return Threads(
        threads=shown.found.items,
        page=shown.found.state.page,
        pages=shown.found.pages,
        count=shown.found.hits,
        unread=shown.unread,
        waiting=shown.waiting if shown.moderates else None,
        approve_first=shown.approve_first,
        newest_at=shown.newest_at,
    )


@post("/lessons/{lesson_id:str}/posts")
async def write_post(
    lesson_id: FromPath[str],
    data: JSONBody[NewPost],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> PostView:
    """Start a thread, or reply to a post. Five a minute; the same text sent again is the same post."""
    post_id = await writing.write(database, viewer, lesson_id, data.text, data.reply_to, clock.now())
    async with database.read() as session:
        return await reading.one(session, viewer, post_id, clock.now())


@post("/lessons/{lesson_id:str}/posts/seen", status_code=204)
async def mark_seen(
    lesson_id: FromPath[str],
    data: JSONBody[SeenUntil],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Posts up to this moment are no longer new to the caller."""
    await reading.mark_seen(database, viewer, lesson_id, data.until, clock.now())


@patch("/posts/{post_id:str}")
async def edit_post(
    post_id: FromPath[str],
    data: JSONBody[PostPatch],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> PostView:
    """Change one's own post within an hour."""
    await writing.edit(database, viewer, post_id, data.text, clock.now())
    async with database.read() as session:
        return await reading.one(session, viewer, post_id, clock.now())


@delete("/posts/{post_id:str}")
async def delete_post(
    post_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Delete one's own post. It stays as "deleted", without its text, while it has replies. Idempotent."""
    await writing.delete(database, viewer, post_id, clock.now())


@post("/posts/{post_id:str}/moderate", status_code=200)
async def moderate_post(
    post_id: FromPath[str],
    data: JSONBody[Moderated],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> PostView:
    """Hide a post with a reason, show it (again), lock or unlock its thread. Idempotent."""
    await moderation.moderate(database, viewer, post_id, data.action, data.reason, clock.now())
    async with database.read() as session:
        return await reading.one(session, viewer, post_id, clock.now())


@get("/courses/{course_id:str}/posts")
async def list_course_posts(
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    page: PageNumber = 1,
    only: Annotated[PostState | None, QueryParameter(description="waiting or hidden")] = None,
) -> CoursePosts:
    """Posts of all lessons, 20 a page, newest first."""
    wanted = only if only in reading.POSTS.filters else ""
    async with database.read() as session:
        state = ListState(reading.POSTS.sorts[0], filter=wanted or "", page=page)
        found = await reading.course_posts(session, viewer, course_id, state, clock.now())
    return CoursePosts(
        posts=[item.post for item in found.items],
        page=found.state.page,
        pages=found.pages,
        count=found.hits,
        waiting=found.counts[PostState.WAITING],
    )


@put("/courses/{course_id:str}/discussion", status_code=200)
async def set_up_discussion(
    course_id: FromPath[str],
    data: JSONBody[DiscussionSettings],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> DiscussionSettings:
    """Whether posts of learners wait for approval."""
    await moderation.approve_first(database, viewer, course_id, wanted=data.approve_first)
    return data


ROUTES: list[ControllerRouterHandler] = [
    Router(
        "/api",
        tags=["Learning"],
        route_handlers=[
            list_posts,
            write_post,
            mark_seen,
            edit_post,
            delete_post,
            moderate_post,
            list_course_posts,
            set_up_discussion,
        ],
    )
]
