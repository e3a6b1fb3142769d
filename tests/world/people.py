"""Accounts, without a web server."""

from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.base import new_id
from storage.database.tables import User
from storage.states import Role


def add_person(
    session: AsyncSession,
    name: str,
    *,
    role: str,
    at: datetime,
    email: str | None = None,
    password: str | None = None,
    user_id: str | None = None,
) -> User:
    """Step: an account. Without `email`: the name with dots, as in ada.lovelace@example.edu."""
    user = User(
        id=user_id or new_id(),
        email=email or f"{'.'.join(name.lower().split())}@example.edu",
        name=name,
        role=Role(role),
        password_hash=password and _weak_hash(password),
        created_at=at,
    )
    session.add(user)
    return user


@cache
def _weak_hash(password: str) -> str:
    """Argon2 with the least work: a test does not measure how hard a password is to guess."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
