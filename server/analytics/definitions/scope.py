"""Scope of figures: the filter by course, instructor and team that every definition takes."""

from functools import lru_cache
from typing import Any, cast

import msgspec
from sqlalchemy import ColumnElement, Select, select

from server.analytics.rules import Range
from server.gamification.teams.members import learners_in_teams
from storage.database.tables import CourseInstructor

TEAMS_KEPT = 64  # whose query is kept: a page has it in forty statements


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Everything where nothing is chosen. An instructor stands for the courses they teach now."""

    course_id: str | None = None
    instructor_id: str | None = None
    team_id: str | None = None

    @property
    def is_everything(self) -> bool:
        return not (self.course_id or self.instructor_id or self.team_id)

    @property
    def has_courses(self) -> bool:
        return bool(self.course_id or self.instructor_id)

    def courses(self, column: Any) -> list[ColumnElement[bool]]:
        """Conditions of a column with ids of courses."""
        found: list[ColumnElement[bool]] = []
        if self.course_id:
            found.append(column == self.course_id)
        if self.instructor_id:
            own = select(CourseInstructor.course_id).where(CourseInstructor.user_id == self.instructor_id)
            found.append(column.in_(own))
        return found

    def people(self, column: Any) -> list[ColumnElement[bool]]:
        """Conditions of a column with ids of learners."""
        return [column.in_(self.team)] if self.team_id else []

    @property
    def team(self) -> Select[str]:
        """Ids of the team's learners."""
        return _learners(self.team_id)


@lru_cache(TEAMS_KEPT)
def _learners(team_id: str | None) -> Select[str]:
    return select(learners_in_teams(team_id).c.user_id)


def on_days(column: Any, days: Range, *, each: bool = False) -> ColumnElement[bool]:
    """Condition of a column with local days. `each`: every day is looked for by itself, in an index that
    goes on with what else is asked for: a range would read all rows of its days."""
    if each:
        return cast("ColumnElement[bool]", column.in_(days.days))
    if days.first == days.last:
        return cast("ColumnElement[bool]", column == days.last)
    return cast("ColumnElement[bool]", column.between(days.first, days.last))


EVERYTHING = Scope()
