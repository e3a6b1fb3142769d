"""Leaderboards as in the OpenAPI document and on their page."""

from datetime import datetime

import msgspec

from storage.messages import Message


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A learner's place. Of somebody who hides their name, only they and administrators learn who it is."""

    rank: int  # people with the same XP share a rank, and the next is as far behind as there are people
    user_id: str | None
    name: str
    xp: int  # in the period
    level: int | None  # of all their XP; null: hidden
    own: bool
    hidden: bool  # whether the person hides their name


class Period(msgspec.Struct, frozen=True, kw_only=True):
    timeframe: str  # all_time, monthly, weekly
    first_day: str | None  # YYYY-MM-DD, in the institution's time zone; null: of all time
    last_day: str | None


class Leaderboard(msgspec.Struct, frozen=True, kw_only=True):
    timeframe: str
    period: Period
    people: int  # with a place: learners with XP in the period
    rank: int | None  # of the caller; null: no XP in the period, or staff
    own: Place | None
    neighbours: list[Place]  # the caller and at most two above and below, in the board's order
    places: list[Place]  # the top of the board
    podium: list[Place]  # first three; of the period before, until somebody has XP in this one
    podium_period: Period
    name_hidden: bool  # whether the caller hides their name


class RebuildAsked(msgspec.Struct, frozen=True, kw_only=True):
    message: str
    last_ended: datetime | None  # of the last rebuild; null: none yet


class LastRebuild(msgspec.Struct, frozen=True, kw_only=True):
    """How the scheduled task went, for the administrator's page."""

    running: bool
    ended_at: datetime | None
    result: Message | str | None  # or the error of a run that failed
    failed: bool
