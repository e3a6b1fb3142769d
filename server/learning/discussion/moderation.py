"""Moderation of a discussion by those who teach the course."""

from datetime import datetime

from server.accounts.identity import Viewer
from server.core.errors import Conflict, Forbidden, NotFound
from server.learning.discussion import rules
from server.learning.discussion.posts import appear, disappear, open_post
from server.learning.discussion.schemas import Moderation
from server.library import access
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.tables import Course
from storage.messages import N_
from storage.states import PostState

DELETED = N_("Its author has deleted this post.")


async def moderate(
    database: Database, viewer: Viewer, post_id: str, action: Moderation, reason: str, now: datetime
) -> str:
    """Use case, safe to repeat; the id of the lesson. Raises NotFound, Forbidden, Invalid, Conflict."""
    async with database.write() as session:
        opened = await open_post(session, viewer, post_id)
        if not opened.staff:
            raise Forbidden(access.NOT_TEACHING)
        post = opened.post
        if action in (Moderation.LOCK, Moderation.UNLOCK):
            opened.thread.locked = action == Moderation.LOCK
            return opened.lesson.id
        if post.state == PostState.DELETED:
            raise Conflict(DELETED)
        post.moderated_by = viewer.id
        if action == Moderation.SHOW:
            await appear(session, opened, viewer.id, now)
        else:
            post.reason = rules.clean_reason(reason)
            post.state = PostState.HIDDEN
            await disappear(session, opened, viewer.id, now)
        return opened.lesson.id


async def approve_first(database: Database, viewer: Viewer, course_id: str, *, wanted: bool) -> None:
    """Use case: whether posts of learners wait for approval from now on. Earlier ones stay as they are."""
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        course = await lock_row(session, Course, course_id)
        if course is None:  # deleted since
            raise NotFound(access.NO_COURSE)
        course.approve_posts = wanted
