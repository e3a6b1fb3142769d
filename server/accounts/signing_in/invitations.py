"""Invitations: links by which people choose their first password, or a new one.

Each works once, has an end, and replaces the earlier one of its person. Only its hash is stored.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, delete, exists, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import rules
from server.accounts.identity import Viewer
from server.accounts.signing_in import passwords, sessions
from server.accounts.signing_in.endings import end_access, forget
from server.accounts.signing_in.invitation_mail import Letterhead, compose
from server.accounts.signing_in.service import SignedIn
from server.core.audit.recording import record_people
from server.core.errors import Gone, NotFound
from server.core.security import digest, new_secret
from server.outbox import service as outbox
from storage.database.engine import Database
from storage.database.locks import lock_row
from storage.database.tables import Invitation, User
from storage.messages import N_
from storage.states.privacy import AuditAction

ENDED = N_("This link was used already or has expired. Ask for a new one.")
LINKS_AT_ONCE = 500  # of one transaction
_BY_NAME = (User.search_key, User.id)
WITHOUT_PASSWORD = User.password_hash.is_(None) & User.disabled_at.is_(None)


class Link(msgspec.Struct, frozen=True):
    """A person's link, as in "/invite/…"."""

    name: str
    email: str
    path: str


class Waiting(msgspec.Struct, frozen=True):
    """Numbers of people without a password."""

    without_link: int
    with_link: int  # a valid one, which they have not used


class Invited(msgspec.Struct, frozen=True):
    name: str
    email: str


async def invite(
    database: Database,
    person_id: str,
    now: datetime,
    *,
    mailed: Letterhead | None = None,
    by: str | None = None,
) -> Link:
    """Raises NotFound, also for a disabled account. With `mailed`, a mail takes the link to the person."""
    async with database.write() as session:
        user = await lock_row(session, User, person_id)
        if user is None or user.disabled_at is not None:
            raise NotFound(N_("There is no such account, or it is disabled."))
        return (await _links(session, [user], now, mailed, by))[0]


async def invite_waiting(
    database: Database,
    now: datetime,
    *,
    again: bool,
    mailed: Letterhead | None = None,
    by: str | None = None,
) -> list[Link]:
    """Links for everybody who cannot sign in yet, by name: for those without a valid link, or, `again`, for
    all, whose earlier links end."""
    chosen = WITHOUT_PASSWORD if again else WITHOUT_PASSWORD & ~_has_link(now)
    async with database.read() as session:
        ids = (await session.scalars(select(User.id).where(chosen).order_by(*_BY_NAME))).all()
    return await _invite(database, ids, chosen, now, mailed, by)


async def invite_chosen(
    database: Database,
    ids: Sequence[str],
    now: datetime,
    *,
    mailed: Letterhead | None = None,
    by: str | None = None,
) -> list[Link]:
    """Links for these people, by name, also for those with a password. Disabled accounts get none."""
    return await _invite(database, ids, User.disabled_at.is_(None), now, mailed, by)


async def _invite(
    database: Database,
    ids: Sequence[str],
    chosen: ColumnElement[bool],
    now: datetime,
    mailed: Letterhead | None,
    by: str | None,
) -> list[Link]:
    """In several transactions, so that others can write in between."""
    links: list[Link] = []
    for start in range(0, len(ids), LINKS_AT_ONCE):
        part = User.id.in_(ids[start : start + LINKS_AT_ONCE])
        async with database.write() as session:
            # Locked first, chosen again afterwards: of two administrators at once, one makes each link.
            await session.execute(select(User.id).where(part).order_by(User.id).with_for_update())
            users = await session.scalars(select(User).where(part, chosen).order_by(*_BY_NAME))
            links += await _links(session, users.all(), now, mailed, by)
    return links


async def waiting(session: AsyncSession, now: datetime) -> Waiting:
    """Step: people who have no password yet."""
    everybody = select(func.count()).select_from(User).where(WITHOUT_PASSWORD)
    with_link = await session.scalar(everybody.where(_has_link(now))) or 0
    return Waiting(without_link=(await session.scalar(everybody) or 0) - with_link, with_link=with_link)


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
        await end_access(session, user, now)
        secret = await sessions.start(session, user.id, replacing=None, now=now)
        return SignedIn(Viewer(id=user.id, email=user.email, name=user.name, role=user.role), secret)


async def sweep(database: Database, now: datetime) -> None:
    """Delete the links that have expired."""
    async with database.write() as session:
        await session.execute(delete(Invitation).where(Invitation.expires_at <= now))


async def _links(
    session: AsyncSession,
    users: Sequence[User],
    now: datetime,
    mailed: Letterhead | None,
    by: str | None,
) -> list[Link]:
    """Step: new links in place of the earlier ones. The rows of `users` are locked."""
    issued = [(user, new_secret()) for user in users]
    ends = now + rules.INVITATION_LIFETIME
    rows = [
        {"user_id": user.id, "token_hash": digest(token), "created_at": now, "expires_at": ends}
        for user, token in issued
    ]
    await forget(session, [user.id for user in users])
    if rows:
        await session.execute(insert(Invitation), rows)
    await record_people(session, by, AuditAction.PASSWORD_LINK, now, users)
    links = [Link(user.name, user.email, f"/invite/{token}") for user, token in issued]
    if mailed:
        letters = [
            compose(mailed, user.id, user.name, user.email, link.path, ends)
            for user, link in zip(users, links, strict=True)
        ]
        await outbox.put_mails(session, letters, now)
    return links


def _has_link(now: datetime) -> ColumnElement[bool]:
    return exists().where(Invitation.user_id == User.id, Invitation.expires_at > now)
