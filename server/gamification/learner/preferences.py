"""What a learner lets others see: the profile, and the name on leaderboards."""

import msgspec
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import GamePreference


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    profile_public: bool = False  # shown to everybody who is signed in
    name_hidden: bool = False  # on leaderboards


class PreferencesPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Partial update: only the given fields change."""

    profile_public: bool | None = None
    name_hidden: bool | None = None


async def of_person(session: AsyncSession, user_id: str) -> Preferences:
    """Step."""
    row = await session.get(GamePreference, user_id)
    if row is None:
        return Preferences()
    return Preferences(profile_public=row.profile_public, name_hidden=row.name_hidden)


async def change(database: Database, user_id: str, patch: PreferencesPatch) -> Preferences:
    """Use case: change what is given. Idempotent."""
    given = {name: value for name, value in msgspec.structs.asdict(patch).items() if value is not None}
    async with database.write() as session:
        await insert_new(session, GamePreference, user_id=user_id, profile_public=False, name_hidden=False)
        if given:
            await session.execute(
                update(GamePreference).where(GamePreference.user_id == user_id).values(**given)
            )
        return await of_person(session, user_id)
