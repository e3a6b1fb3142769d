"""Input and output types of reviews, as JSON and as template variables."""

from datetime import datetime

import msgspec


class NewReview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stars: int  # 1 to 5
    text: str = ""  # plain, up to 2,000 characters


class HiddenFor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: str  # the author reads it


class Rating(msgspec.Struct, frozen=True):
    """Of a course, over the reviews that are shown."""

    average: float | None = None  # to one decimal; None without any
    count: int = 0


class ReviewView(msgspec.Struct, frozen=True, kw_only=True):
    author: str
    user_id: str | None  # None for viewers who do not teach the course
    mine: bool
    stars: int
    text: str
    created_at: datetime
    updated_at: datetime
    state: str  # shown, hidden
    reason: str  # why it was hidden


class Reviews(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a course's reviews, newest first. Hidden ones are there for those who teach it."""

    average: float | None
    count: int
    reviews: list[ReviewView]
    page: int
    pages: int
    mine: ReviewView | None  # the caller's own, also while it is hidden
    can_review: bool  # whether the caller learns in the course and has begun it
