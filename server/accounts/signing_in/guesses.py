"""Rate limits of guesses at codes, counted in the same table and by the same figures as sign-in attempts.

They count by person and by network, apart from sign-ins: a class that mistypes a code can still sign in.
"""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import rules
from server.core.errors import TooManyAttempts
from server.core.security import digest
from storage.database.engine import Database
from storage.database.locks import advisory_lock
from storage.database.tables import SignInFailure
from storage.messages import N_

TOO_MANY = N_("Too many attempts. Wait 15 minutes, and try again with the right code.")


async def count(database: Database, *, what: str, person: str, address: str, now: datetime) -> None:
    """Count a guess before the code is looked up, so that concurrent ones are all counted.

    `what`: kind of the code; `person`: id, or empty for somebody who is not signed in; `address`: of the
    client. Raises TooManyAttempts.
    """
    account, source = _account(what, person), _source(what, address)
    async with database.write() as session:
        await session.execute(delete(SignInFailure).where(SignInFailure.at <= now - rules.FAILURE_WINDOW))
        for value in sorted((account, source)):
            await advisory_lock(session, f"sign-in {value}")
        await _refuse(session, account if person else "", source, now)
        session.add(SignInFailure(account=account, address=source, at=now))


async def require_few(session: AsyncSession, *, what: str, address: str, now: datetime) -> None:
    """Step: raises TooManyAttempts when this network has guessed too often already."""
    await _refuse(session, "", _source(what, address), now)


async def forget(session: AsyncSession, *, what: str, person: str) -> None:
    """Step: the guesses of a person who had the right code."""
    await session.execute(delete(SignInFailure).where(SignInFailure.account == _account(what, person)))


async def _refuse(session: AsyncSession, account: str, source: str, now: datetime) -> None:
    limits = [(SignInFailure.address == source, rules.FAILURES_PER_NETWORK)]
    if account:
        limits.append((SignInFailure.account == account, rules.FAILURES_AT_ACCOUNT))
    recent = SignInFailure.at > now - rules.FAILURE_WINDOW
    for condition, most in limits:
        if (await session.scalar(select(func.count()).where(condition, recent)) or 0) >= most:
            raise TooManyAttempts(TOO_MANY)


def _account(what: str, person: str) -> str:
    return digest(f"{what} {person}")


def _source(what: str, address: str) -> str:
    return f"{what} {rules.network(address)}"
