"""Discussions as a viewer sees them: threads of a lesson, posts of a course, and what is new."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import ColumnElement, Select, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.accounts.identity import Viewer
from server.core.errors import NotFound
from server.core.lists import ListOptions, ListPage, ListState, counts_of
from server.learning.discussion import rules
from server.learning.discussion.posts import NO_POST
from server.learning.discussion.schemas import Discussion, LessonPost, PostView, ThreadView
from server.learning.names import shown_names
from server.library import access
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.paging import count_by, count_rows
from storage.database.tables import Course, DiscussionSeen, Lesson, Post
from storage.states import PostState

THREADS = ListOptions(sorts=("active",), page_size=20)
POSTS = ListOptions(
    sorts=("newest",), filter_name="state", filters=(PostState.WAITING, PostState.HIDDEN), page_size=20
)
NEWEST = (Post.created_at.desc(), Post.id.desc())
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # of a moment that is stored: earlier ones may have none in UTC


class Reader(msgspec.Struct, frozen=True):
    """Who reads, when, and since when what is new to them."""

    viewer: Viewer
    staff: bool
    now: datetime
    seen_at: datetime | None = None

    def view(self, post: Post, names: dict[str, str], *, locked: bool) -> PostView:
        author = post.user_id == self.viewer.id
        seen = rules.sees(post.state, author=author, staff=self.staff)
        new = self.seen_at is None or (post.shown_at is not None and post.shown_at > self.seen_at)
        return PostView(
            id=post.id,
            lesson_id=post.lesson_id,
            thread_id=post.thread_id,
            author=names.get(post.user_id or "", "") if seen else "",
            user_id=post.user_id if self.staff else None,
            staff=post.staff and seen,
            mine=author,
            state=post.state,
            text=post.text if seen else "",
            reason=post.reason if seen else "",
            created_at=post.created_at,
            edited_at=post.edited_at if seen else None,
            can_edit=rules.may_edit(post.state, post.created_at, self.now, author=author, locked=locked),
            unread=new and not author and post.state == PostState.SHOWN,
        )


async def discussion(
    session: AsyncSession, viewer: Viewer, lesson: Lesson, state: ListState, now: datetime
) -> Discussion:
    """Step: page of a lesson's threads. The caller has checked that the viewer may see the lesson."""
    staff = await access.is_teaching(session, viewer, lesson.course_id)
    seen = await session.get(DiscussionSeen, (viewer.id, lesson.id))
    reader = Reader(viewer, staff, now, seen.seen_at if seen else None)
    course = await session.get_one(Course, lesson.course_id)
    query = _threads(reader, lesson.id)
    hits = await count_rows(session, query)
    state = THREADS.clamped(state, hits)
    ordered = query.order_by(Post.active_at.desc(), Post.id.desc())
    firsts = await session.scalars(ordered.offset(THREADS.offset(state)).limit(THREADS.page_size))
    threads = await _with_replies(session, reader, list(firsts))
    shown = (Post.lesson_id == lesson.id, Post.state == PostState.SHOWN)
    return Discussion(
        lesson_id=lesson.id,
        course_id=lesson.course_id,
        found=ListPage(THREADS, state, threads, hits, {"": hits}),
        unread=(await unread(session, viewer, [lesson.id])).get(lesson.id, 0),
        waiting=(await waiting(session, [lesson.id])).get(lesson.id, 0) if staff else 0,
        moderates=staff,
        approve_first=course.approve_posts,
        newest_at=await session.scalar(select(func.max(Post.shown_at)).where(*shown)),
    )


async def one(session: AsyncSession, viewer: Viewer, post_id: str, now: datetime) -> PostView:
    """Step: one post. Raises NotFound unless the viewer sees it."""
    post = await session.get(Post, post_id)
    if post is None:
        raise NotFound(NO_POST)
    lesson = await access.lesson_for_learning(session, viewer, post.lesson_id)
    staff = await access.is_teaching(session, viewer, lesson.course_id)
    if not rules.sees(post.state, author=post.user_id == viewer.id, staff=staff):
        raise NotFound(NO_POST)
    thread = await session.get_one(Post, post.thread_id) if post.thread_id else post
    since = await _seen(session, viewer, [lesson.id])
    names = await shown_names(session, [post.user_id])
    return Reader(viewer, staff, now, since.get(lesson.id)).view(post, names, locked=thread.locked)


def _visible(reader: Reader, post: type[Post]) -> ColumnElement[bool]:
    """As `rules.sees`."""
    everything: ColumnElement[bool] = true() if reader.staff else post.user_id == reader.viewer.id
    return or_(post.state == PostState.SHOWN, (post.state != PostState.DELETED) & everything)


def _threads(reader: Reader, lesson_id: str) -> Select[Post]:
    reply = aliased(Post)
    replied = select(reply.id).where(reply.thread_id == Post.id, _visible(reader, reply)).exists()
    return select(Post).where(
        Post.lesson_id == lesson_id, Post.thread_id.is_(None), or_(_visible(reader, Post), replied)
    )


async def _with_replies(session: AsyncSession, reader: Reader, firsts: Sequence[Post]) -> list[ThreadView]:
    replies = (
        await session.scalars(
            select(Post)
            .where(Post.thread_id.in_([first.id for first in firsts]), _visible(reader, Post))
            .order_by(Post.created_at, Post.id)
        )
    ).all()
    names = await shown_names(session, (post.user_id for post in (*firsts, *replies)))
    return [
        ThreadView(
            post=reader.view(first, names, locked=first.locked),
            replies=[
                reader.view(reply, names, locked=first.locked)
                for reply in replies
                if reply.thread_id == first.id
            ],
            locked=first.locked,
            active_at=first.active_at,
        )
        for first in firsts
    ]


async def course_posts(
    session: AsyncSession, viewer: Viewer, course_id: str, state: ListState, now: datetime
) -> ListPage[LessonPost]:
    """Step: page of a course's posts, newest first, for those who teach it. Deleted ones are left out."""
    await access.course_for_teaching(session, viewer, course_id)
    everything = (
        select(Post.id)
        .join(Lesson, Lesson.id == Post.lesson_id)
        .where(Lesson.course_id == course_id, Post.state != PostState.DELETED)
    )
    query = everything.where(Post.state == state.filter) if state.filter else everything
    counts = counts_of(POSTS, await count_by(session, Post.state, everything))
    hits = await count_rows(session, query)
    state = POSTS.clamped(state, hits)
    page = query.order_by(*NEWEST).offset(POSTS.offset(state)).limit(POSTS.page_size)
    items = await _in_lessons(session, viewer, (await session.scalars(page)).all(), now)
    return ListPage(POSTS, state, items, hits, counts)


async def _in_lessons(
    session: AsyncSession, viewer: Viewer, post_ids: Sequence[str], now: datetime
) -> list[LessonPost]:
    """Posts with their lessons, newest first, as those who teach them see them."""
    first = aliased(Post)
    rows = (
        await session.execute(
            select(Post, Lesson, first.locked)
            .join(Lesson, Lesson.id == Post.lesson_id)
            .outerjoin(first, first.id == Post.thread_id)
            .where(Post.id.in_(post_ids))
            .order_by(*NEWEST)
        )
    ).all()
    names = await shown_names(session, (post.user_id for post, _, _ in rows))
    since = await _seen(session, viewer, {lesson.id for _, lesson, _ in rows})
    items = []
    for post, lesson, thread_locked in rows:
        locked = bool(post.locked or thread_locked)
        reader = Reader(viewer, staff=True, now=now, seen_at=since.get(lesson.id))
        items.append(
            LessonPost(
                post=reader.view(post, names, locked=locked),
                lesson_title=lesson.title,
                seconds=lesson.video_duration_seconds,
                locked=locked,
            )
        )
    return items


async def _seen(session: AsyncSession, viewer: Viewer, lesson_ids: Collection[str]) -> dict[str, datetime]:
    rows = await session.execute(
        select(DiscussionSeen.lesson_id, DiscussionSeen.seen_at).where(
            DiscussionSeen.user_id == viewer.id, DiscussionSeen.lesson_id.in_(sorted(lesson_ids))
        )
    )
    return dict(rows.all())


async def unread(session: AsyncSession, viewer: Viewer, lesson_ids: Collection[str]) -> dict[str, int]:
    """Step: how many posts of others the viewer has not seen, by lesson; none: no entry."""
    seen = (DiscussionSeen.lesson_id == Post.lesson_id) & (DiscussionSeen.user_id == viewer.id)
    rows = await session.execute(
        select(Post.lesson_id, func.count())
        .outerjoin(DiscussionSeen, seen)
        .where(
            Post.lesson_id.in_(sorted(lesson_ids)),
            Post.state == PostState.SHOWN,
            or_(Post.user_id.is_(None), Post.user_id != viewer.id),
            or_(DiscussionSeen.seen_at.is_(None), Post.shown_at > DiscussionSeen.seen_at),
        )
        .group_by(Post.lesson_id)
    )
    return dict(rows.all())


async def waiting(session: AsyncSession, lesson_ids: Collection[str]) -> dict[str, int]:
    """Step: how many posts wait for approval, by lesson."""
    rows = await session.execute(
        select(Post.lesson_id, func.count())
        .where(Post.lesson_id.in_(sorted(lesson_ids)), Post.state == PostState.WAITING)
        .group_by(Post.lesson_id)
    )
    return dict(rows.all())


async def mark_seen(
    database: Database, viewer: Viewer, lesson_id: str, until: datetime, now: datetime
) -> None:
    """Use case: the viewer has seen what was shown up to a moment. An earlier one changes nothing."""
    async with database.write() as session:
        await access.lesson_for_learning(session, viewer, lesson_id)
        seen_at = max(min(until, now), EARLIEST)
        if not await insert_new(
            session, DiscussionSeen, user_id=viewer.id, lesson_id=lesson_id, seen_at=seen_at
        ):
            await session.execute(
                update(DiscussionSeen)
                .where(
                    DiscussionSeen.user_id == viewer.id,
                    DiscussionSeen.lesson_id == lesson_id,
                    DiscussionSeen.seen_at < seen_at,
                )
                .values(seen_at=seen_at)
            )
