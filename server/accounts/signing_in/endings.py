"""End of everything by which an account can be used, when its password changes or it is disabled."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.signing_in import limits, sessions, tokens
from server.accounts.signing_in.invitation_mail import about
from server.outbox import service as outbox
from storage.database.tables import Invitation, User


async def end_access(session: AsyncSession, user: User, now: datetime) -> None:
    """Step: sessions, tokens and a link that was not used yet; any may be an attacker's. Failed sign-ins are
    forgotten, since they were against the password before."""
    await sessions.end_all(session, user.id)
    await tokens.revoke_all(session, user.id, now)
    await forget(session, [user.id])
    await limits.forget(session, email=user.email)


async def forget(session: AsyncSession, user_ids: Sequence[str]) -> None:
    """Step: links of these people end, and mails that would bring them do not go out."""
    await session.execute(delete(Invitation).where(Invitation.user_id.in_(user_ids)))
    await outbox.withdraw(session, [about(user_id) for user_id in user_ids])
