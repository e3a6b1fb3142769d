"""Reviews of courses: one a learner and course, by those who have begun it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import Conflict, NotFound
from server.core.events import Event, note_activity, publish
from server.core.lists import ListOptions, ListPage, ListState
from server.learning.discussion.rules import clean_reason
from server.learning.names import shown_names
from server.learning.reviews import rules
from server.learning.reviews.schemas import NewReview, Rating, ReviewView
from server.library import access
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.paging import count_rows
from storage.database.tables import LearningEvent, Review
from storage.messages import N_
from storage.states import FactKind, ReviewState

REVIEWS = ListOptions(sorts=("newest",), page_size=20)
BEGUN = (
    FactKind.LESSON_STARTED,
    FactKind.LESSON_COMPLETED,
    FactKind.QUIZ_PASSED,
    FactKind.QUIZ_PERFECT,
    FactKind.COURSE_COMPLETED,
)
STAFF = N_("You teach this course; only its learners review it.")
NOT_BEGUN = N_("Begin the course first: watch some of a lesson. Then you can review it.")
NO_REVIEW = N_("There is no such review.")
_COUNTED = (Review.state == ReviewState.SHOWN, Review.stars.is_not(None))


class ShownReviews(msgspec.Struct, frozen=True, kw_only=True):
    """What a page shows of a course's reviews."""

    found: ListPage[ReviewView]
    rating: Rating
    mine: ReviewView | None
    can_review: bool
    moderates: bool


async def post(database: Database, viewer: Viewer, course_id: str, new: NewReview, now: datetime) -> None:
    """Use case: post a review, or change one's own. Its posting is a fact once. Raises Conflict."""
    stars, text = rules.clean_stars(new.stars), rules.clean_text(new.text)
    async with database.write() as session:
        await access.course_for_learning(session, viewer, course_id)
        if await access.is_teaching(session, viewer, course_id):
            raise Conflict(STAFF)
        if not await _has_begun(session, viewer, course_id):
            raise Conflict(NOT_BEGUN)
        await _save(session, viewer, course_id, stars, text, now)
        await publish(
            session,
            Event(
                kind=FactKind.REVIEW_POSTED,
                user_id=viewer.id,
                subject=course_id,
                at=now,
                course_id=course_id,
            ),
        )
        await note_activity(session, [viewer.id], now)


async def _save(
    session: AsyncSession, viewer: Viewer, course_id: str, stars: int, text: str, now: datetime
) -> None:
    values: dict[str, Any] = {
        **{"course_id": course_id, "user_id": viewer.id, "stars": stars, "text": text},
        **{"created_at": now, "updated_at": now, "state": ReviewState.SHOWN, "reason": ""},
    }
    if await insert_new(session, Review, **values):
        return
    row = await _locked(session, course_id, viewer.id)
    if row.stars is None:  # taken back while it was hidden
        row.created_at = now
    if (row.stars, row.text) != (stars, text):
        row.stars, row.text, row.updated_at = stars, text, now


async def take_back(database: Database, viewer: Viewer, course_id: str) -> None:
    """Use case: delete one's own review. Of a hidden one, a row stays, so that the next is hidden, too."""
    async with database.write() as session:
        await access.course_for_learning(session, viewer, course_id)
        row = await session.get(Review, (course_id, viewer.id), with_for_update=True)
        if row is None:
            return
        if row.state == ReviewState.HIDDEN:
            row.stars, row.text = None, ""
        else:
            await session.delete(row)


async def hide(database: Database, viewer: Viewer, course_id: str, user_id: str, reason: str) -> None:
    """Use case: those who teach the course hide a review; its stars no longer count."""
    why = clean_reason(reason)
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        row = await _locked(session, course_id, user_id)
        row.state, row.reason, row.moderated_by = ReviewState.HIDDEN, why, viewer.id


async def show(database: Database, viewer: Viewer, course_id: str, user_id: str) -> None:
    """Use case: take back `hide`."""
    async with database.write() as session:
        await access.course_for_teaching(session, viewer, course_id)
        row = await _locked(session, course_id, user_id)
        if row.stars is None:
            await session.delete(row)
        else:
            row.state, row.reason, row.moderated_by = ReviewState.SHOWN, "", viewer.id


async def _locked(session: AsyncSession, course_id: str, user_id: str) -> Review:
    row = await session.get(Review, (course_id, user_id), with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(NO_REVIEW)
    return row


async def rating(session: AsyncSession, course_id: str) -> Rating:
    """Step: average and count of a course's reviews."""
    total, count = (
        await session.execute(
            select(func.sum(Review.stars), func.count()).where(Review.course_id == course_id, *_COUNTED)
        )
    ).one()
    return Rating(rules.average(total or 0, count), count)


async def shown(session: AsyncSession, viewer: Viewer, course_id: str, state: ListState) -> ShownReviews:
    """Step: page of a course's reviews, newest first. Raises NotFound."""
    await access.course_for_learning(session, viewer, course_id)
    staff = await access.is_teaching(session, viewer, course_id)
    query = select(Review).where(Review.course_id == course_id, Review.stars.is_not(None))
    if not staff:
        query = query.where(or_(Review.state == ReviewState.SHOWN, Review.user_id == viewer.id))
    hits = await count_rows(session, query)
    state = REVIEWS.clamped(state, hits)
    ordered = query.order_by(Review.created_at.desc(), Review.user_id)
    rows = list(await session.scalars(ordered.offset(REVIEWS.offset(state)).limit(REVIEWS.page_size)))
    own = await session.get(Review, (course_id, viewer.id))
    items = await _views(session, viewer, rows, staff=staff)
    mine = await _views(session, viewer, [own] if own and own.stars else [], staff=staff)
    return ShownReviews(
        found=ListPage(REVIEWS, state, items, hits, {"": hits}),
        rating=await rating(session, course_id),
        mine=next(iter(mine), None),
        can_review=not staff and await _has_begun(session, viewer, course_id),
        moderates=staff,
    )


async def _views(
    session: AsyncSession, viewer: Viewer, rows: Sequence[Review], *, staff: bool
) -> list[ReviewView]:
    names = await shown_names(session, (row.user_id for row in rows))
    return [
        ReviewView(
            author=names.get(row.user_id, ""),
            user_id=row.user_id if staff else None,
            mine=row.user_id == viewer.id,
            stars=row.stars or 0,
            text=row.text,
            created_at=row.created_at,
            updated_at=row.updated_at,
            state=row.state,
            reason=row.reason,
        )
        for row in rows
    ]


async def _has_begun(session: AsyncSession, viewer: Viewer, course_id: str) -> bool:
    found = await session.scalar(
        select(
            exists().where(
                LearningEvent.user_id == viewer.id,
                LearningEvent.course_id == course_id,
                LearningEvent.kind.in_(BEGUN),
            )
        )
    )
    return bool(found)
