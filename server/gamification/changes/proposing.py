"""Changes as administrators enter them: checked. What can change nobody's XP is saved at once."""

import re
from collections.abc import Callable, Mapping
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.errors import Invalid, NotFound, all_valid
from server.gamification.changes import entering
from server.gamification.changes.rules import (
    MOST_DAYS_OFF,
    AchievementChange,
    CalendarChange,
    Change,
    DayOff,
    ValuesChange,
)
from server.gamification.changes.schemas import NewAchievement
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import Achievement
from storage.messages import N_
from storage.states import Criterion, Rarity, XpRule


def entered(typed: Mapping[str, str], achievement_id: str | None = None) -> AchievementChange:
    """Fields of a form. Raises Invalid with everything that is wrong."""
    text = {name: typed.get(name, "") for name in FIELDS}
    checked = all_valid({name: partial(_text, clean, text[name]) for name, clean in FIELDS.items()})
    return AchievementChange(
        id=achievement_id or new_id(),
        name=checked["name"],
        description=checked["description"],
        rarity=Rarity(checked["rarity"]),
        criterion=Criterion(checked["criterion"]),
        threshold=int(checked["threshold"]),
        points=int(checked["points"]) if text["points"].strip() else None,
    )


def from_request(data: NewAchievement) -> AchievementChange:
    """Raises Invalid."""
    points = "" if data.points is None else str(data.points)
    texts = {
        "name": data.name,
        "description": data.description,
        "rarity": data.rarity,
        "criterion": data.criterion,
    }
    return entered({**texts, "threshold": str(data.threshold), "points": points})


def checked(change: Change) -> Change:
    """A change as a program has sent it. Raises Invalid."""
    match change:
        case ValuesChange():
            typed = {str(rule): str(amount) for rule, amount in change.amounts.items()}
            if unknown := [name for name in typed if name not in entering.PAYING]:
                raise Invalid(N_("The rule %(name)s has no value."), name=unknown[0])
            return ValuesChange(
                {XpRule(one): entering.clean_amount(one, text) for one, text in typed.items()}
            )
        case AchievementChange():
            if not IDENTIFIER.fullmatch(change.id):
                raise Invalid(N_("The id of an achievement has letters, digits and _ only, at most 64."))
            typed = {name: str(getattr(change, name)) for name in FIELDS}
            return entered(typed | ({"points": ""} if change.points is None else {}), change.id)
        case CalendarChange():
            return _checked_calendar(change)


def _checked_calendar(change: CalendarChange) -> CalendarChange:
    if len(change.add) + len(change.remove) > MOST_DAYS_OFF:
        raise Invalid(N_("The change has more than %(count)s days."), count=MOST_DAYS_OFF)
    weekdays = change.weekdays
    return CalendarChange(
        add=tuple(
            DayOff(entering.clean_day("add", one.day).isoformat(), entering.clean_day_name(one.name)[:80])
            for one in change.add
        ),
        remove=tuple(entering.clean_day("remove", day).isoformat() for day in change.remove),
        source=entering.clean_day_name(change.source)[:80],
        weekdays=None if weekdays is None else entering.checked_weekdays(weekdays),
    )


def _text(clean: Callable[[str], object], text: str) -> str:
    return str(clean(text))


IDENTIFIER = re.compile(r"[0-9A-Za-z_]{1,64}")
FIELDS: Mapping[str, Callable[[str], object]] = {
    "name": entering.clean_name,
    "description": entering.clean_description,
    "rarity": entering.clean_rarity,
    "criterion": entering.clean_criterion,
    "threshold": entering.clean_threshold,
    "points": entering.clean_points,
}


async def require(session: AsyncSession, achievement_id: str) -> Achievement:
    """Step. Raises NotFound."""
    row = await session.get(Achievement, achievement_id)
    if row is None:
        raise NotFound(N_("There is no such achievement."))
    return row


async def save_if_only_told(database: Database, change: AchievementChange, points: int) -> bool:
    """Use case: save name, description and rarity, if nobody's XP can change because all else is as before.

    `points`: what unlocking it is worth now. Safe to repeat. Raises NotFound.
    """
    async with database.write() as session:
        row = await require(session, change.id)
        terms = (row.criterion, row.threshold) == (change.criterion, change.threshold)
        told = terms and row.retired_at is None and change.points in (None, points)
        if told:
            row.name, row.description, row.rarity = change.name, change.description, change.rarity
        return told
