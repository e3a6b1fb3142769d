"""Teams, as in the OpenAPI document and in templates."""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType


class NewTeam(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    course_id: str | None = None  # its learners are the team; None: people are put into it


class TeamPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    version: int | UnsetType = UNSET  # the one this change started from; 409 if another was saved since


class TeamView(msgspec.Struct, frozen=True, kw_only=True):
    """A team, for administrators."""

    id: str
    name: str
    course_id: str | None
    course_title: str | None
    people: int  # learners: staff and disabled accounts do not count
    version: int
    created_at: datetime
    updated_at: datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    people: int  # learners
    rank: int | None  # None: no XP in this period, or not shown
    average: float | None  # XP; None: fewer than three learners
    own: bool  # the caller is in it


class TeamBoard(msgspec.Struct, frozen=True, kw_only=True):
    timeframe: str  # all_time, monthly, weekly
    period: str  # empty, the month as 2026-11, or the week's Monday
    own: list[Standing]
    teams: list[Standing]  # by rank; those with fewer than three learners are left out
