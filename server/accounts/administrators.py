"""Guard against an installation without an administrator; also the condition of the set-up link."""

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.errors import Conflict
from storage.database.tables import Institution, User
from storage.messages import N_
from storage.states import Role

ACTIVE_ADMINISTRATOR = (
    (User.role == Role.ADMINISTRATOR) & User.disabled_at.is_(None) & User.password_hash.is_not(None)
)
NO_ADMINISTRATOR = ~exists().where(ACTIVE_ADMINISTRATOR)


async def lock_administrators(session: AsyncSession) -> int:
    """Row lock, so that two administrators cannot demote each other. Returns their number."""
    await session.execute(select(Institution.id).with_for_update())
    return await _count(session)


async def require_administrator(session: AsyncSession, before: int) -> None:
    """End of the transaction that `lock_administrators` began. Raises Conflict when none is left."""
    await session.flush()
    if before and not await _count(session):
        raise none_left()


def none_left() -> Conflict:
    return Conflict(N_("At least one administrator must remain. Add another administrator first."))


async def _count(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).where(ACTIVE_ADMINISTRATOR)) or 0
