"""Invitations: links by which people choose their first password, or a new one.

Each works once, has an end, and replaces the earlier one of its person. Only its hash is stored.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import rules
from server.accounts.identity import Viewer
from server.accounts.signing_in import passwords, sessions, tokens
from server.accounts.signing_in.service import SignedIn
from server.core.errors import Gone, NotFound
from server.core.security import digest, new_secret
from storage.database.engine import Database
from storage.database.tables import Invitation, User
from storage.messages import N_

ENDED = N_("This link was used already or has expired. Ask for a new one.")
WITHOUT_PASSWORD = User.password_hash.is_(None) & User.disabled_at.is_(None)


class Link(msgspec.Struct, frozen=True):
    """A person's link, as in "/invite/…"."""

    name: str
    email: str
    path: str


class Invited(msgspec.Struct, frozen=True):
    name: str
    email: str


async def invite(database: Database, person_id: str, now: datetime) -> Link:
    """Raises NotFound, also for a disabled account."""
    async with database.write() as session:
        user = await session.get(User, person_id)
        if user is None or user.disabled_at is not None:
            raise NotFound(N_("There is no such account, or it is disabled."))
        return (await _links(session, [user], now))[0]


async def invite_waiting(database: Database, now: datetime) -> list[Link]:
    """Links for everybody who cannot sign in yet, by name."""
    async with database.write() as session:
        users = await session.scalars(select(User).where(WITHOUT_PASSWORD).order_by(User.search_key, User.id))
        return await _links(session, list(users), now)


async def waiting(session: AsyncSession) -> int:
    """Step: number of people who have no password yet."""
    return await session.scalar(select(func.count()).select_from(User).where(WITHOUT_PASSWORD)) or 0


async def find(database: Database, token: str, now: datetime) -> Invited:
    """Whose link it is. Raises Gone."""
    async with database.read() as session:
        user = await session.scalar(
            select(User)
            .join(Invitation, Invitation.user_id == User.id)
            .where(
                Invitation.token_hash == digest(token),
                Invitation.expires_at > now,
                User.disabled_at.is_(None),
            )
        )
    if user is None:
        raise Gone(ENDED)
    return Invited(user.name, user.email)


async def accept(database: Database, token: str, password: str, now: datetime) -> SignedIn:
    """Set the password and sign in. Raises Gone, and Invalid for a weak password: the link stays valid."""
    invited = await find(database, token, now)
    password_hash = await passwords.hash_password(rules.clean_password(password, email=invited.email))
    async with database.write() as session:
        used = delete(Invitation).where(Invitation.token_hash == digest(token), Invitation.expires_at > now)
        user_id = await session.scalar(used.returning(Invitation.user_id))
        user = await session.get(User, user_id) if user_id else None
        if user is None or user.disabled_at is not None:  # of two requests at once, one has used it
            raise Gone(ENDED)
        user.password_hash = password_hash
        await sessions.end_all(session, user.id)
        await tokens.revoke_all(session, user.id, now)
        secret = await sessions.start(session, user.id, replacing=None, now=now)
        return SignedIn(Viewer(id=user.id, email=user.email, name=user.name, role=user.role), secret)


async def sweep(database: Database, now: datetime) -> None:
    """Delete the links that have expired."""
    async with database.write() as session:
        await session.execute(delete(Invitation).where(Invitation.expires_at <= now))


async def _links(session: AsyncSession, users: Sequence[User], now: datetime) -> list[Link]:
    links = []
    for user in users:
        token = new_secret()
        row = Invitation(
            user_id=user.id,
            token_hash=digest(token),
            created_at=now,
            expires_at=now + rules.INVITATION_LIFETIME,
        )
        await session.merge(row)
        links.append(Link(user.name, user.email, f"/invite/{token}"))
    return links
