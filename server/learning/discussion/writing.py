"""Posts of a discussion: writing, changing and deleting one's own."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Forbidden, NotFound, TooManyRequests
from server.core.events import note_activity
from server.learning.discussion import rules
from server.learning.discussion.posts import NO_POST, OpenPost, appear, disappear, open_post
from server.library import access
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.locks import advisory_lock, lock_row
from storage.database.tables import Course, Lesson, Post
from storage.messages import N_, Figure, Unit
from storage.states import PostState

NOT_YOURS = N_("Only the author of a post may change or delete it.")
TOO_LATE = N_("This post can no longer be changed. Write a reply instead.")
LOCKED = N_("This thread is locked: it takes no more replies.")
NOT_SHOWN = N_("This thread is not shown to others at the moment, so it takes no replies.")
FULL = N_("This thread has %(count)s replies. Start a new one.")
TOO_FAST = N_("You have written %(count)s posts within a minute. Wait a moment, then send this one.")


async def write(
    database: Database, viewer: Viewer, lesson_id: str, text: str, reply_to: str | None, now: datetime
) -> str:
    """Use case: a new thread, or a reply to any post of one; the post's id. The same text in the same place
    within some minutes is the same post, sent again."""
    clean = rules.clean_text(text)
    async with database.write() as session:
        lesson = await access.lesson_for_learning(session, viewer, lesson_id)
        course = await session.get_one(Course, lesson.course_id)
        staff = await access.is_teaching(session, viewer, lesson.course_id)
        thread = await _thread(session, viewer, lesson, reply_to, staff=staff) if reply_to else None
        await advisory_lock(session, f"posts of {viewer.id}")
        thread_id = thread.id if thread else None
        if sent := await _sent_before(session, viewer, lesson_id, thread_id, clean, now):
            return sent
        await _check_limits(session, viewer, thread, now)
        state = rules.first_state(staff=staff, approve=course.approve_posts)
        post = Post(
            id=new_id(),
            lesson_id=lesson_id,
            thread_id=thread_id,
            user_id=viewer.id,
            staff=staff,
            text=clean,
            created_at=now,
            active_at=now,
            state=state,
        )
        session.add(post)
        await session.flush()
        if state == PostState.SHOWN:
            await appear(session, OpenPost(post, thread or post, lesson, staff=staff), viewer.id, now)
        if not staff:
            await note_activity(session, [viewer.id], now)
        return post.id


async def edit(database: Database, viewer: Viewer, post_id: str, text: str, now: datetime) -> None:
    """Use case: the author changes a text, for a while. Where posts wait for approval, it waits again."""
    clean = rules.clean_text(text)
    async with database.write() as session:
        opened = await own_post(session, viewer, post_id)
        post = opened.post
        if not may_edit(opened, now):
            raise Conflict(TOO_LATE)
        if clean != post.text:
            course = await session.get_one(Course, opened.lesson.course_id)
            post.text, post.edited_at = clean, now
            post.state = rules.first_state(staff=opened.staff, approve=course.approve_posts)


async def delete(database: Database, viewer: Viewer, post_id: str, now: datetime) -> str:
    """Use case: the author deletes a post, in any state; the id of its lesson. Its text is gone; it stays as
    "deleted" while it has replies."""
    async with database.write() as session:
        opened = await own_post(session, viewer, post_id)
        await disappear(session, opened, viewer.id, now)
        opened.post.state, opened.post.text, opened.post.reason = PostState.DELETED, "", ""
        return opened.lesson.id


async def own_post(session: AsyncSession, viewer: Viewer, post_id: str) -> OpenPost:
    """Step: a post of the viewer, locked. Raises NotFound and Forbidden."""
    opened = await open_post(session, viewer, post_id)
    if opened.post.user_id != viewer.id:
        raise Forbidden(NOT_YOURS)
    return opened


def may_edit(opened: OpenPost, now: datetime) -> bool:
    """Whether its author may change it now."""
    post = opened.post
    return rules.may_edit(post.state, post.created_at, now, author=True, locked=opened.thread.locked)


async def _thread(
    session: AsyncSession, viewer: Viewer, lesson: Lesson, reply_to: str, *, staff: bool
) -> Post:
    """First post of the thread, locked. Raises NotFound and Conflict."""
    wanted = await session.get(Post, reply_to)
    thread = await lock_row(session, Post, wanted.thread_id or wanted.id) if wanted else None
    if thread is None or thread.lesson_id != lesson.id:
        raise NotFound(NO_POST)
    if thread.state in (PostState.WAITING, PostState.HIDDEN):
        visible = rules.sees(thread.state, author=thread.user_id == viewer.id, staff=staff)
        raise Conflict(NOT_SHOWN) if visible else NotFound(NO_POST)
    if thread.locked and not staff:
        raise Conflict(LOCKED)
    return thread


async def _sent_before(
    session: AsyncSession, viewer: Viewer, lesson_id: str, thread_id: str | None, text: str, now: datetime
) -> str | None:
    return await session.scalar(
        select(Post.id)
        .where(
            Post.user_id == viewer.id,
            Post.created_at > now - rules.REPEAT_TIME,
            Post.lesson_id == lesson_id,
            Post.thread_id.is_not_distinct_from(thread_id),
            Post.text == text,
            Post.state != PostState.DELETED,
        )
        .limit(1)
    )


async def _check_limits(session: AsyncSession, viewer: Viewer, thread: Post | None, now: datetime) -> None:
    """Raises TooManyRequests and Conflict. Deleted posts count: deleting one makes no room."""
    recent = await session.scalar(
        select(func.count()).where(Post.user_id == viewer.id, Post.created_at > now - rules.RATE_TIME)
    )
    if (recent or 0) >= rules.RATE_POSTS:
        raise TooManyRequests(TOO_FAST, count=Figure(rules.RATE_POSTS, Unit.NUMBER))
    if thread is None:
        return
    replies = await session.scalar(select(func.count()).where(Post.thread_id == thread.id))
    if (replies or 0) >= rules.MOST_REPLIES:
        raise Conflict(FULL, count=Figure(rules.MOST_REPLIES, Unit.NUMBER))
