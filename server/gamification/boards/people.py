"""People on the boards: names as far as their owners show them, and how they hide them."""

from typing import Any

import msgspec
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.text.formats import translated
from server.gamification.boards.schemas import Place
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import GamePreference
from storage.messages import N_

HIDDEN = N_("Hidden learner")


class Person(msgspec.Struct, frozen=True):
    """What boards tell of somebody."""

    name: str
    hidden: bool
    level: int


def place_of(viewer: Viewer, rank: int, user_id: str, xp: int, person: Person | None) -> Place:
    """A row as the viewer may see it. Somebody without an account any more is shown as hidden. Pure."""
    own = user_id == viewer.id
    if person is None or (person.hidden and not own and not viewer.is_administrator):
        return Place(
            rank=rank, user_id=None, name=translated(HIDDEN), xp=xp, level=None, own=False, hidden=True
        )
    return Place(
        rank=rank,
        user_id=user_id,
        name=person.name,
        xp=xp,
        level=person.level,
        own=own,
        hidden=person.hidden,
    )


async def is_hidden(session: AsyncSession, user_id: str) -> bool:
    """Step: whether the person hides their name."""
    preference = await session.get(GamePreference, user_id)
    return preference is not None and preference.name_hidden


async def hide_name(database: Database, user_id: str, *, hidden: bool) -> None:
    """Use case: hide one's own name on all boards, or show it again. Idempotent."""
    async with database.write() as session:
        new: dict[str, Any] = {"user_id": user_id, "name_hidden": hidden, "profile_public": False}
        if not await insert_new(session, GamePreference, **new):
            own = update(GamePreference).where(GamePreference.user_id == user_id)
            await session.execute(own.values(name_hidden=hidden))
