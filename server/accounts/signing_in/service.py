"""Sign-in, sign-out, and change of the own password."""

from datetime import datetime

import msgspec
from sqlalchemy import select

from server.accounts import rules
from server.accounts.identity import Viewer
from server.accounts.signing_in import limits, passwords, sessions, tokens
from server.accounts.signing_in.endings import end_access
from server.core.errors import Invalid, SignInNeeded
from storage.database.engine import Database
from storage.database.tables import User
from storage.messages import N_

WRONG = N_("The email address or the password is not right.")
WRONG_CURRENT = N_("This is not your current password.")


class SignedIn(msgspec.Struct, frozen=True):
    viewer: Viewer
    secret: str  # for the session cookie


async def sign_in(
    database: Database,
    *,
    email: str,
    password: str,
    source: str,
    previous: str | None,
    now: datetime,
) -> SignedIn:
    """New session. `source`: where the attempt comes from, see `limits`; `previous`: the session cookie.

    Raises Invalid with the same sentence for a wrong password, an unknown and a disabled
    account, and TooManyAttempts.
    """
    email = rules.normal_email(email)
    await limits.count_attempt(database, email=email, source=source, now=now)
    async with database.read() as session:
        user = await session.scalar(select(User).where(User.email == email, User.disabled_at.is_(None)))
    if not await passwords.matches(user.password_hash if user else None, password) or user is None:
        raise Invalid(WRONG, fields={"password": WRONG})
    await limits.clear_attempts(database, email=email, source=source)
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
    """New password. All that gave access before ends: it may be an attacker's. The caller gets a new session.

    Guessing the current password is limited like signing in. Raises Invalid and TooManyAttempts.
    """
    source = limits.from_device(viewer.id)
    await limits.count_attempt(database, email=viewer.email, source=source, now=now)
    async with database.read() as session:
        known = await session.scalar(select(User.password_hash).where(User.id == viewer.id))
    if not await passwords.matches(known, current):
        raise Invalid(WRONG_CURRENT, fields={"current_password": WRONG_CURRENT})
    await limits.clear_attempts(database, email=viewer.email, source=source)
    password_hash = await passwords.hash_password(rules.clean_password(new, email=viewer.email))
    async with database.write() as session:
        user = await session.get(User, viewer.id)
        if user is None or user.disabled_at is not None:
            raise SignInNeeded(N_("This account has been disabled."))
        user.password_hash = password_hash
        await end_access(session, user, now)
        secret = await sessions.start(session, viewer.id, replacing=None, now=now)
    return SignedIn(viewer, secret)


async def end_everything_else(
    database: Database, viewer: Viewer, secret: str | None, now: datetime
) -> tuple[int, int]:
    """Number of ended sessions, without the caller's own, and of revoked tokens."""
    async with database.write() as session:
        ended = await sessions.end_all(session, viewer.id, but=secret)
        return ended, await tokens.revoke_all(session, viewer.id, now)
