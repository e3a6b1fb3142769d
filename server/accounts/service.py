"""Signing in and out."""

from datetime import datetime

import msgspec
from sqlalchemy import select

from server.accounts import limits, passwords, sessions
from server.accounts.identity import Viewer
from server.kit.errors import Invalid
from storage.database.engine import Database
from storage.database.tables import User

WRONG = "The email address or the password is not right."


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
