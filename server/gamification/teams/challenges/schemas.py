"""Challenges, as in the OpenAPI document and in templates."""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType


class NewChallenge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: str
    first_day: str  # YYYY-MM-DD, of the institution: today or later
    last_day: str
    metric: str  # xp, lessons or days
    mode: str  # together: the target of all; each: of every learner
    target: int
    whom: str = "everybody"  # or course:ID or team:ID


class ChallengePatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Partial update before it begins: only the given fields change."""

    title: str | UnsetType = UNSET
    first_day: str | UnsetType = UNSET
    last_day: str | UnsetType = UNSET
    metric: str | UnsetType = UNSET
    mode: str | UnsetType = UNSET
    target: int | UnsetType = UNSET
    whom: str | UnsetType = UNSET
    version: int | UnsetType = UNSET  # the one this change started from; 409 if another was saved since


class Ending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: str  # shown to learners


class ChallengeView(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge, for administrators."""

    id: str
    title: str
    first_day: str
    last_day: str
    metric: str
    mode: str
    target: int
    whom: str
    audience: str  # everybody, course, team
    audience_name: str | None  # title of the course or name of the team; None: everybody, or deleted since
    state: str  # planned, running, counting, over
    progress: int  # together: of the metric; each: learners who have reached the target
    people: int  # learners whom it is for
    percent: int  # 0-100
    counted_at: datetime | None
    ended_at: datetime | None  # before its last day
    end_reason: str
    version: int


class OwnChallenge(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge, for a learner whom it is for."""

    id: str
    title: str
    first_day: str
    last_day: str
    metric: str
    mode: str
    target: int
    audience: str
    audience_name: str | None
    state: str
    own: int  # what the caller has of the metric
    progress: int | None  # of the target; None: of fewer than three learners together
    percent: int | None
    days_left: int  # with today
    reached: bool
    ended_early: bool
    end_reason: str


class Badge(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge that the caller took part in and that was reached. It is worth no XP."""

    challenge_id: str
    title: str
    last_day: str


class Challenges(msgspec.Struct, frozen=True, kw_only=True):
    challenges: list[OwnChallenge]
    badges: list[Badge]  # the latest first
