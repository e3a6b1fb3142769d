"""Scope of figures: the filter by course, instructor and team that every definition takes."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, select

from server.gamification.teams.members import learners_in_teams
from storage.database.tables import CourseInstructor


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
        if not self.team_id:
            return []
        team = learners_in_teams()
        return [column.in_(select(team.c.user_id).where(team.c.team_id == self.team_id))]


EVERYTHING = Scope()
