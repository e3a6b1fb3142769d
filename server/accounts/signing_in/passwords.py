"""Password hashing: argon2id with the parameters of the OWASP password storage sheet: 19 MiB, t=2, p=1."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.accounts.rules import normal_password

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


async def hash_password(password: str) -> str:
    """`password`: as `rules.clean_password` returns it."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Verification that takes the same time whether or not there is such an account, and whether or not a
    password can have this length."""
    return await asyncio.to_thread(_matches, password_hash, normal_password(password) or "")


def _matches(password_hash: str | None, password: str) -> bool:
    if password_hash is None:
        _HASHER.hash(password)  # the same work as a verification
        return False
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
