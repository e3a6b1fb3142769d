"""Bearer tokens for programs. Only the hash is stored, so a token is shown once."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import rules
from server.accounts.identity import Viewer
from server.accounts.schemas import MadeToken, TokenInfo
from server.accounts.signing_in.presence import Presence
from server.core.audit.recording import record_people
from server.core.errors import NotFound
from server.core.security import digest, new_secret
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import ApiToken, User
from storage.messages import N_
from storage.states.privacy import AuditAction

PREFIX = "sks_"  # recognised by secret scanners
LAST_USED_INTERVAL = timedelta(minutes=1)


async def make(
    database: Database, user_id: str, *, name: str, now: datetime, by: str | None = None
) -> MadeToken:
    """New token. `by`: who makes it; None: a command.

    Raises Invalid for an empty, overlong or unprintable name.
    """
    name, token = rules.clean_token_name(name), PREFIX + new_secret()
    row = ApiToken(id=new_id(), user_id=user_id, name=name, token_hash=digest(token), created_at=now)
    async with database.write() as session:
        session.add(row)
        if by != user_id:
            user = await session.get_one(User, user_id)
            await record_people(session, by, AuditAction.TOKEN_MADE, now, [user])
    return MadeToken(id=row.id, name=name, token=token, expires_at=now + rules.TOKEN_LIFETIME)


async def of(database: Database, user_id: str, now: datetime) -> list[TokenInfo]:
    """Valid tokens, newest first."""
    async with database.read() as session:
        rows = await session.scalars(
            select(ApiToken)
            .where(ApiToken.user_id == user_id, _valid(now))
            .order_by(ApiToken.created_at.desc(), ApiToken.id)
        )
        return [
            TokenInfo(
                row.id, row.name, row.created_at, row.last_used_at, row.created_at + rules.TOKEN_LIFETIME
            )
            for row in rows
        ]


async def revoke(database: Database, user_id: str, token_id: str, now: datetime) -> None:
    """Idempotent. Raises NotFound, also for the token of another account."""
    async with database.write() as session:
        token = await session.get(ApiToken, token_id)
        if token is None or token.user_id != user_id:
            raise NotFound(N_("There is no such token."))
        token.revoked_at = token.revoked_at or now


async def revoke_all(session: AsyncSession, user_id: str, now: datetime) -> int:
    """Step: number of valid tokens that were revoked. They end with all sessions of an account, since an
    attacker may have made one."""
    revoked = await session.execute(
        update(ApiToken)
        .where(ApiToken.user_id == user_id, _valid(now))
        .values(revoked_at=now)
        .returning(ApiToken.id)
    )
    return len(revoked.all())


def _valid(now: datetime) -> ColumnElement[bool]:
    return ApiToken.revoked_at.is_(None) & (ApiToken.created_at > now - rules.TOKEN_LIFETIME)


async def viewer_of(
    database: Database, token: str, now: datetime, presence: Presence | None = None
) -> Viewer | None:
    """Viewer of a valid token. `presence` notes that it was used."""
    async with database.read() as session:
        row = (
            await session.execute(
                select(ApiToken, User)
                .join(User, User.id == ApiToken.user_id)
                .where(
                    ApiToken.token_hash == digest(token),
                    _valid(now),
                    User.disabled_at.is_(None),
                )
            )
        ).one_or_none()
    if row is None:
        return None
    found, user = row
    used = found.last_used_at
    if presence is not None and (used is None or now - used >= LAST_USED_INTERVAL):
        await presence.note(
            found.id, update(ApiToken).where(ApiToken.id == found.id).values(last_used_at=now)
        )
    return Viewer(id=user.id, email=user.email, name=user.name, role=user.role)
