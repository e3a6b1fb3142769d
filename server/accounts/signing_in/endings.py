"""End of everything by which an account can be used, when its password changes or it is disabled."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.signing_in import limits, sessions, tokens
from storage.database.tables import Invitation, User


async def end_access(session: AsyncSession, user: User, now: datetime) -> None:
    """Step: sessions, tokens and a link that was not used yet; any may be an attacker's. Failed sign-ins are
    forgotten, since they were against the password before."""
    await sessions.end_all(session, user.id)
    await tokens.revoke_all(session, user.id, now)
    await session.execute(delete(Invitation).where(Invitation.user_id == user.id))
    await limits.forget(session, email=user.email)
