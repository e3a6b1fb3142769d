"""A post that is about to change, and the facts of its appearing and disappearing. Steps."""

from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import NotFound
from server.core.events import Event, publish
from server.learning.discussion import rules
from server.library import access
from storage.database.locks import lock_row
from storage.database.tables import Lesson, Post
from storage.messages import N_
from storage.states import FactKind, PostState

NO_POST = N_("There is no such post, or it is not shown to you.")


class OpenPost(msgspec.Struct, frozen=True):
    """A post with what decides about it. `thread`: the first post of its thread, or itself."""

    post: Post
    thread: Post
    lesson: Lesson
    staff: bool = msgspec.field(default=False)  # whether the viewer teaches the course


async def open_post(session: AsyncSession, viewer: Viewer, post_id: str) -> OpenPost:
    """Step: the post, locked after its thread's first. Raises NotFound for who may not see it."""
    found = await session.get(Post, post_id)
    if found is None:
        raise NotFound(NO_POST)
    lesson = await access.lesson_for_learning(session, viewer, found.lesson_id)
    thread = await lock_row(session, Post, found.thread_id or found.id)
    post = await lock_row(session, Post, post_id) if found.thread_id else thread
    staff = await access.is_teaching(session, viewer, lesson.course_id)
    if post is None or thread is None:  # deleted with its lesson meanwhile
        raise NotFound(NO_POST)
    author = post.user_id == viewer.id
    if not author and not rules.sees(post.state, author=author, staff=staff):
        raise NotFound(NO_POST)
    return OpenPost(post, thread, lesson, staff=staff)


async def appear(session: AsyncSession, opened: OpenPost, actor_id: str, now: datetime) -> None:
    """Step: others see the post from now on. The first time is a fact about its author, unless they teach."""
    post = opened.post
    post.state, post.reason = PostState.SHOWN, ""
    if post.shown_at is not None:
        return
    post.shown_at = now
    opened.thread.active_at = max(opened.thread.active_at, now)
    # At the moment it was written: the day that its author was active.
    await _publish(session, FactKind.POST_CREATED, opened, actor_id, post.created_at)


async def disappear(session: AsyncSession, opened: OpenPost, actor_id: str, now: datetime) -> None:
    """Step: others no longer see a post. A fact, once, if they ever did; it stays when the post is back."""
    if opened.post.shown_at is not None:
        await _publish(session, FactKind.POST_DELETED, opened, actor_id, now)


async def _publish(
    session: AsyncSession, kind: FactKind, opened: OpenPost, actor_id: str, at: datetime
) -> None:
    post = opened.post
    if post.staff or post.user_id is None:
        return
    await publish(
        session,
        Event(
            kind=kind,
            user_id=post.user_id,
            subject=post.id,
            at=at,
            actor_id=actor_id,
            course_id=opened.lesson.course_id,
            lesson_id=post.lesson_id,
        ),
    )
