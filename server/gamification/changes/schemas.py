"""Changes of rules and what they would do, as in the OpenAPI document."""

from datetime import datetime

import msgspec

from server.gamification.changes.rules import Change
from storage.states import ChangeScope, ChangeState


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a change from the beginning does to everybody, in numbers."""

    people: int  # looked at
    affected: int  # who gain or lose something
    gaining: int
    losing: int
    xp_gained: int
    xp_lost: int
    levels_up: int
    levels_down: int
    places_up: int  # people whose place on the all-time board gets better
    places_down: int
    moved_by_others: int  # whose own XP stays, and whose place changes
    achievements: dict[str, int]  # people who unlock each


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    change: Change
    state: ChangeState
    scope: ChangeScope | None  # None: not applied
    created_at: datetime
    created_by: str | None  # name
    applied_at: datetime | None
    people: int  # of the run: to look at, or to settle
    done: int
    previewed_at: datetime | None
    result: Result | None  # None: not complete

    @property
    def percent(self) -> int:
        return min(99, 100 * self.done // self.people) if self.people else 0


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """One person whom a change from the beginning gives or takes something."""

    user_id: str
    name: str | None  # None: the account is gone
    xp_before: int
    xp_after: int
    level_before: int
    level_after: int
    streak_before: int  # days of the longest one
    streak_after: int
    rank_before: int | None  # on the all-time board
    rank_after: int | None
    unlocked: list[str]  # ids of achievements


class PeoplePage(msgspec.Struct, frozen=True, kw_only=True):
    people: list[PersonView]
    total: int
    page: int  # from 1
    pages: int


class ValueVersion(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    amount: int  # XP
    valid_from: datetime | None  # None: from the beginning
    created_at: datetime | None  # None: it came with the server
    created_by: str | None  # name


class ValueView(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    amount: int  # XP of what happens now
    versions: list[ValueVersion]  # newest first


class AchievementRule(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    description: str
    rarity: str
    criterion: str
    threshold: int
    points: int  # XP of unlocking it now
    own_points: bool
    since: datetime | None  # who reached it before does not unlock it; None: everybody can
    retired_at: datetime | None
    holders: int


class RulesView(msgspec.Struct, frozen=True, kw_only=True):
    values: list[ValueView]
    achievements: list[AchievementRule]


class NewAchievement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`scope`: from_now: only those who reach it from now on unlock it; from_beginning: everybody who has."""

    name: str
    criterion: str
    threshold: int
    description: str = ""
    rarity: str = "common"
    points: int | None = None  # XP; null: the value that all achievements have
    scope: str = "from_now"


class Apply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scope: str  # from_now or from_beginning


class Seeded(msgspec.Struct, frozen=True, kw_only=True):
    message: str
    added: list[str]  # ids of default achievements that were missing
