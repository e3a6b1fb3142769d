"""Browser sessions. The cookie holds 256 random bits; the row holds their hash."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import rules
from server.accounts.identity import Viewer
from server.accounts.signing_in.presence import Presence
from server.core.security import digest, new_secret
from storage.database.engine import Database
from storage.database.tables import User, UserSession

LAST_SEEN_INTERVAL = timedelta(minutes=1)  # one write a minute and session, not one a request


async def start(session: AsyncSession, user_id: str, *, replacing: str | None, now: datetime) -> str:
    """New session; returns its secret for the cookie. The browser's previous session, `replacing`, ends."""
    if replacing:
        await end(session, replacing)
    secret = new_secret()
    session.add(UserSession(id_hash=digest(secret), user_id=user_id, created_at=now, last_seen_at=now))
    return secret


async def end(session: AsyncSession, secret: str) -> None:
    await session.execute(delete(UserSession).where(UserSession.id_hash == digest(secret)))


async def end_all(session: AsyncSession, user_id: str, *, but: str | None = None) -> int:
    """Number of ended sessions. `but` is the secret of one to keep."""
    ended = await session.execute(
        delete(UserSession)
        .where(UserSession.user_id == user_id, UserSession.id_hash != digest(but or ""))
        .returning(UserSession.id_hash)
    )
    return len(ended.all())


async def viewer_of(
    database: Database, secret: str, now: datetime, presence: Presence | None = None
) -> Viewer | None:
    """Viewer of a valid session. `presence` notes that it was seen."""
    async with database.read() as session:
        row = (
            await session.execute(
                select(UserSession, User)
                .join(User, User.id == UserSession.user_id)
                .where(UserSession.id_hash == digest(secret), User.disabled_at.is_(None))
            )
        ).one_or_none()
    if row is None:
        return None
    found, user = row
    if not rules.is_live(user.role, found.created_at, found.last_seen_at, now):
        return None
    if presence is not None and now - found.last_seen_at >= LAST_SEEN_INTERVAL:
        own = (UserSession.id_hash == found.id_hash) & (UserSession.last_seen_at < now)
        await presence.note(found.id_hash, update(UserSession).where(own).values(last_seen_at=now))
    return Viewer(id=user.id, email=user.email, name=user.name, role=user.role)


async def sweep(database: Database, now: datetime) -> None:
    """Delete the sessions that have expired for every role."""
    async with database.write() as session:
        await session.execute(
            delete(UserSession).where(
                (UserSession.created_at < now - max(rules.ABSOLUTE.values()))
                | (UserSession.last_seen_at < now - max(rules.IDLE.values()))
            )
        )
