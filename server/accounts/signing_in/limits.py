"""Rate limits of sign-in attempts, counted in the database, which all server processes share.

Counted by account and network together, so that nobody can lock out the owner from elsewhere; by account over
all networks and by network over all accounts, with higher limits; and for a known browser by itself alone.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import rules
from server.core.errors import TooManyAttempts
from server.core.security import digest
from storage.database.engine import Database
from storage.database.locks import advisory_lock
from storage.database.tables import SignInFailure
from storage.messages import N_

DEVICE = "device "
TOO_MANY = N_("Too many attempts. Wait 15 minutes, or ask an administrator to reset the password.")


async def count_attempt(database: Database, *, email: str, source: str, now: datetime) -> None:
    """Count the attempt before the password is checked, so that concurrent ones are all counted.

    `source`: `from_network` or `from_device`. Raises TooManyAttempts.
    """
    account = digest(email)
    at_account, from_source = SignInFailure.account == account, SignInFailure.address == source
    limits: list[tuple[ColumnElement[bool], int]] = [(at_account & from_source, rules.FAILURES_AT_ACCOUNT)]
    if not source.startswith(DEVICE):
        elsewhere = at_account & SignInFailure.address.not_like(f"{DEVICE}%")
        limits += [(elsewhere, rules.FAILURES_PER_ACCOUNT), (from_source, rules.FAILURES_PER_NETWORK)]
    async with database.write() as session:
        await session.execute(delete(SignInFailure).where(SignInFailure.at <= now - rules.FAILURE_WINDOW))
        for value in sorted((account, source)):
            await advisory_lock(session, f"sign-in {value}")
        for condition, limit in limits:
            attempts = await session.scalar(select(func.count()).where(condition)) or 0
            if attempts >= limit:
                raise TooManyAttempts(TOO_MANY)
        session.add(SignInFailure(account=account, address=source, at=now))


async def forget(session: AsyncSession, *, email: str) -> None:
    """Step: all attempts at an account, whose password has changed."""
    await session.execute(delete(SignInFailure).where(SignInFailure.account == digest(email)))


def from_network(address: str) -> str:
    return rules.network(address)


def from_device(device: str) -> str:
    return f"{DEVICE}{digest(device)}"


async def clear_attempts(database: Database, *, email: str, source: str) -> None:
    """After a success: those of the same source. Somebody else's guesses still count."""
    mine = (SignInFailure.account == digest(email)) & (SignInFailure.address == source)
    async with database.write() as session:
        await session.execute(delete(SignInFailure).where(mine))
