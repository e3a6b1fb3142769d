"""Signing in and out, and changing one's own password."""

from datetime import datetime

import msgspec
from sqlalchemy import select

from server.accounts import rules
from server.accounts.identity import Viewer
from server.accounts.signing_in import limits, passwords, sessions
from server.core.errors import Invalid, SignInNeeded
from storage.database.engine import Database
from storage.database.tables import User

WRONG = "The email address or the password is not right."
WRONG_CURRENT = "This is not your current password."


class SignedIn(msgspec.Struct, frozen=True):
    viewer: Viewer
    secret: str  # for the session cookie


async def sign_in(
    database: Database,
    *,
    email: str,
    password: str,
    address: str,
    previous: str | None,
    now: datetime,
) -> SignedIn:
    """`address` is the client's network address, `previous` the session cookie that came along.

    Raises Invalid with the same sentence for a wrong password, an unknown and a disabled
    account, and TooMany.
    """
    email = email.strip().lower()
    await limits.before_try(database, email=email, address=address, now=now)
    async with database.read() as session:
        user = await session.scalar(select(User).where(User.email == email, User.disabled_at.is_(None)))
    if not await passwords.matches(user.password_hash if user else None, password) or user is None:
        raise Invalid(WRONG, fields={"password": WRONG})
    await limits.after_success(database, email=email)
    async with database.write() as session:
        secret = await sessions.start(session, user.id, replacing=previous, now=now)
    return SignedIn(Viewer(id=user.id, email=user.email, name=user.name, role=user.role), secret)


async def sign_out(database: Database, secret: str | None) -> None:
    if secret:
        async with database.write() as session:
            await sessions.end(session, secret)


async def change_password(
    database: Database, viewer: Viewer, *, current: str, new: str, now: datetime
) -> SignedIn:
    """Every session of the account ends, in case one is a stranger's; the caller gets a new one.

    Guessing the current password is limited like signing in. Raises Invalid and TooMany.
    """
    await limits.before_try(database, email=viewer.email, address=f"account {viewer.id}", now=now)
    async with database.read() as session:
        known = await session.scalar(select(User.password_hash).where(User.id == viewer.id))
    if not await passwords.matches(known, current):
        raise Invalid(WRONG_CURRENT, fields={"current_password": WRONG_CURRENT})
    await limits.after_success(database, email=viewer.email)
    password_hash = await passwords.hash_password(rules.clean_password(new, email=viewer.email))
    async with database.write() as session:
        user = await session.get(User, viewer.id)
        if user is None or user.disabled_at is not None:
            raise SignInNeeded("This account has been disabled.")
        user.password_hash = password_hash
        await sessions.end_all(session, viewer.id)
        secret = await sessions.start(session, viewer.id, replacing=None, now=now)
    return SignedIn(viewer, secret)


async def end_other_sessions(database: Database, viewer: Viewer, secret: str | None) -> int:
    """How many browsers that signed out, this one not among them."""
    async with database.write() as session:
        return await sessions.end_all(session, viewer.id, but=secret)
