"""How often somebody may try to sign in. Counted in the database, which all server processes share."""

from datetime import datetime

from sqlalchemy import delete, func, select

from server.accounts import rules
from server.core.errors import TooManyAttempts
from server.core.security import digest
from storage.database.engine import Database
from storage.database.locks import advisory_lock
from storage.database.tables import SignInFailure

SLOW_DOWN = "Too many tries. Wait a quarter of an hour, or ask an administrator to reset the password."


async def before_try(database: Database, *, email: str, address: str, now: datetime) -> None:
    """Count the try before the password is looked at, so that many at once are all counted.

    Raises TooMany.
    """
    account = digest(email)
    async with database.write() as session:
        await session.execute(delete(SignInFailure).where(SignInFailure.at <= now - rules.FAILURE_WINDOW))
        for column, value, most in (
            (SignInFailure.account, account, rules.FAILURES_PER_ACCOUNT),
            (SignInFailure.address, address, rules.FAILURES_PER_ADDRESS),
        ):
            await advisory_lock(session, f"sign-in {value}")
            tries = await session.scalar(select(func.count()).where(column == value)) or 0
            if tries >= most:
                raise TooManyAttempts(SLOW_DOWN)
        session.add(SignInFailure(account=account, address=address, at=now))


async def after_success(database: Database, *, email: str) -> None:
    async with database.write() as session:
        await session.execute(delete(SignInFailure).where(SignInFailure.account == digest(email)))
