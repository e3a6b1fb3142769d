"""What can no longer be counted: figures that need what retention has deleted.

Stored rows stay as they were computed. They do not have people of several days, of several courses together,
or of a team: on days when there were any, these figures are not known (None), as the rest would be too few.
"""

from bisect import bisect_left
from collections.abc import Mapping

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions.scope import Scope
from server.analytics.definitions.settled import known_days, of_stored
from server.analytics.rules import EVER, Range
from storage.database.tables import CourseAnalytics
from storage.states.privacy import RetentionKind

# Sums of facts that retention deletes: those of a team are not stored.
OF_TEAMS: Mapping[str, RetentionKind] = {
    "watch_seconds": RetentionKind.SESSIONS,
    "quizzes_submitted": RetentionKind.FACTS,
}


class Gone(msgspec.Struct, frozen=True):
    """Active people of the days whose facts are gone, as far as they are known."""

    people: Mapping[str, int | None] = {}  # by day
    days: list[str] = []  # those on which somebody was active, in order

    def among(self, days: Range) -> bool:
        """Whether people of the range cannot be counted."""
        place = bisect_left(self.days, days.first)
        return place < len(self.days) and self.days[place] <= days.last


NOTHING = Gone()


async def people(session: AsyncSession, scope: Scope, days: Range) -> Gone:
    """Step. Everybody's days of learning are kept: only those of courses are gone."""
    if not scope.has_courses:
        return NOTHING
    known = await known_days(session)
    lost = sorted({day for kind in RetentionKind for day in known.without(kind, days)})
    if not lost:
        return NOTHING
    last = max(gone[-1] for gone in known.gone.values() if gone)
    stored = await _stored(session, scope, last)
    found = {day: stored.get(day, 0) for day in lost}
    return Gone(found, [day for day, count in found.items() if count != 0])


async def _stored(session: AsyncSession, scope: Scope, last: str) -> Mapping[str, int | None]:
    """Of days with any, up to the last one that is gone. None: in several courses, who may be the same, or
    of a team."""
    row = CourseAnalytics
    query = select(row.day, func.count(), func.max(row.active_people)).where(
        row.day <= last, row.active_people > 0, *scope.courses(row.course_id)
    )

    async def read() -> Mapping[str, int | None]:
        rows = await session.execute(query.group_by(row.day))
        return {day: None if courses > 1 or scope.team_id else most for day, courses, most in rows}

    whole = Range(EVER, last)
    return await of_stored(session, "people", scope, whole, read, lambda found: 1 + len(found) // 20)
