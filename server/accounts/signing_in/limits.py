"""Rate limits of sign-in attempts, counted in the database, which all server processes share."""

from datetime import datetime

from sqlalchemy import delete, func, select

from server.accounts import rules
from server.core.errors import TooManyAttempts
from server.core.security import digest
from storage.database.engine import Database
from storage.database.locks import advisory_lock
from storage.database.tables import SignInFailure
from storage.messages import N_

TOO_MANY = N_("Too many attempts. Wait 15 minutes, or ask an administrator to reset the password.")


async def count_attempt(database: Database, *, email: str, address: str, now: datetime) -> None:
    """Count the attempt before the password is checked, so that concurrent ones are all counted.

    Raises TooManyAttempts.
    """
    account = digest(email)
    async with database.write() as session:
        await session.execute(delete(SignInFailure).where(SignInFailure.at <= now - rules.FAILURE_WINDOW))
        for column, value, limit in (
            (SignInFailure.account, account, rules.FAILURES_PER_ACCOUNT),
            (SignInFailure.address, address, rules.FAILURES_PER_ADDRESS),
        ):
            await advisory_lock(session, f"sign-in {value}")
            attempts = await session.scalar(select(func.count()).where(column == value)) or 0
            if attempts >= limit:
                raise TooManyAttempts(TOO_MANY)
        session.add(SignInFailure(account=account, address=address, at=now))


async def clear_attempts(database: Database, *, email: str) -> None:
    async with database.write() as session:
        await session.execute(delete(SignInFailure).where(SignInFailure.account == digest(email)))
