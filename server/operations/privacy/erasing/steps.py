"""Steps of an erasure, each a bounded part: done again, it finds nothing left.

What counts for others goes to the pseudonym, a row of `users` without a name: facts and days of learning
without the time of day, the XP ledger and its sums, payments without the address. Figures of days can be
computed again and are the same. Everything else is deleted.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, delete, exists, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from storage.database.tables import (
    ActivityDay,
    ApiToken,
    BoardGroupMember,
    Certificate,
    ChallengeResult,
    CourseInstructor,
    DiscussionSeen,
    Enrolment,
    GamePreference,
    LeaderboardRow,
    LessonReading,
    Payment,
    Post,
    QuizAttempt,
    Review,
    RuleChangePerson,
    StreakBreak,
    TeamMember,
    Upload,
    UserAchievement,
    UserStats,
    Video,
    VideoAnalytics,
    WatchAllowance,
    WatchCoverage,
)
from storage.states import PostState

LOT = 500  # rows of one transaction


class Person(msgspec.Struct, frozen=True):
    """Who is erased."""

    id: str
    email: str
    name: str
    pseudonym: str  # users.id


Step = Callable[[AsyncSession, Person], Awaitable[int]]  # number of rows; 0: nothing was left

Column = InstrumentedAttribute[Any]


def deleting(column: Column) -> Step:
    """Rows of the table with the person's id in this column are deleted."""

    async def step(session: AsyncSession, person: Person) -> int:
        return await _delete(session, column.class_, column == person.id)

    return step


async def _delete(session: AsyncSession, table: Any, chosen: ColumnElement[bool]) -> int:
    key = [getattr(table, one.key) for one in table.__table__.primary_key]
    lot = select(*key).where(chosen).limit(LOT)
    gone = await session.execute(
        delete(table)
        .where(tuple_(*key).in_(lot))
        .returning(key[0])
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def replacing(
    column: Column, *same: Column, values: Mapping[str, Any] | None = None, none: bool = False
) -> Step:
    """Rows with the person's id in this column get the pseudonym, or with `none` nobody, and these values.

    `same`: the rest of a unique key. A row that the pseudonym has already, from a run before, is deleted.
    """

    async def step(session: AsyncSession, person: Person) -> int:
        table: Any = column.class_
        twice = 0
        if same:
            other = aliased(table)
            known = [getattr(other, one.key) == one for one in same]
            taken = exists().where(getattr(other, column.key) == person.pseudonym, *known)
            twice = await _delete(session, table, (column == person.id) & taken)
        key = [getattr(table, one.key) for one in table.__table__.primary_key]
        lot = select(*key).where(column == person.id).limit(LOT)
        new = {column.key: None if none else person.pseudonym, **(values or {})}
        moved = await session.execute(
            update(table)
            .where(tuple_(*key).in_(lot))
            .values(new)
            .returning(key[0])
            .execution_options(synchronize_session=False)
        )
        return len(moved.all()) + twice

    return step


# First what could still make facts of the person, so that nothing follows from the rest.
GONE: Sequence[Step] = (
    deleting(Enrolment.user_id),
    deleting(QuizAttempt.user_id),
    deleting(CourseInstructor.user_id),
    deleting(TeamMember.user_id),
    deleting(ApiToken.user_id),
    deleting(VideoAnalytics.user_id),
    deleting(WatchCoverage.user_id),
    deleting(WatchAllowance.user_id),
    deleting(LessonReading.user_id),
    deleting(DiscussionSeen.user_id),
    deleting(Review.user_id),
    deleting(UserAchievement.user_id),
    deleting(BoardGroupMember.user_id),
    deleting(LeaderboardRow.user_id),
    deleting(GamePreference.user_id),
    deleting(StreakBreak.user_id),
)
NOBODY: Sequence[Step] = (
    replacing(
        Post.user_id,
        values={"text": "", "state": PostState.DELETED, "reason": "", "locked": False},
        none=True,
    ),
    replacing(Post.moderated_by, none=True),
    replacing(Review.moderated_by, none=True),
    replacing(Payment.created_by, none=True),
    replacing(Certificate.revoked_by, none=True),
)
PSEUDONYM: Sequence[Step] = (
    replacing(Upload.user_id),
    replacing(Video.submitted_by),
    replacing(
        Certificate.user_id,
        Certificate.course_id,
        values={"name": "", "search_key": "", "revocation_reason": None},
    ),
    replacing(ChallengeResult.user_id, ChallengeResult.challenge_id),
    replacing(RuleChangePerson.user_id, RuleChangePerson.change_id),
    replacing(UserStats.user_id),
    replacing(ActivityDay.user_id, ActivityDay.day, values={"first_at": None, "settled": True}),
)
