"""Posts and reviews. Steps: each runs in its caller's transaction, and publishes nothing."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import new_id
from storage.database.tables import Post, Review
from storage.states import PostState, ReviewState


def add_post(
    session: AsyncSession,
    lesson_id: str,
    user_id: str,
    *,
    at: datetime,
    text: str = "What is a lens?",
    thread_id: str | None = None,
    state: str = PostState.SHOWN,
) -> Post:
    post = Post(
        id=new_id(),
        lesson_id=lesson_id,
        thread_id=thread_id,
        user_id=user_id,
        text=text,
        created_at=at,
        shown_at=at if state == PostState.SHOWN else None,
        active_at=at,
        state=PostState(state),
    )
    session.add(post)
    return post


def add_review(
    session: AsyncSession,
    course_id: str,
    user_id: str,
    *,
    at: datetime,
    stars: int = 4,
    text: str = "Clear.",
    state: str = ReviewState.SHOWN,
) -> Review:
    review = Review(
        course_id=course_id,
        user_id=user_id,
        stars=stars,
        text=text,
        created_at=at,
        updated_at=at,
        state=ReviewState(state),
    )
    session.add(review)
    return review
