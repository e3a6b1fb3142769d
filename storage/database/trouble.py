"""What keeps a database from taking a statement for now: others, a full disk, its absence. None of it is an
error of the request, which can be sent again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

TRIES = 4
PAUSE_SECONDS = 0.1  # longest pause before the second try; each is twice as long


class Trouble(StrEnum):
    UNDONE = "undone"  # a deadlock or a conflict of serialization: the same again succeeds
    BUSY = "busy"  # others held a lock, or all connections, for too long
    FULL = "full"
    READ_ONLY = "read_only"
    AWAY = "away"


# Primary result codes of SQLite (sqlite.org/rescode.html).
SQLITE = {
    5: Trouble.BUSY,
    6: Trouble.BUSY,
    8: Trouble.READ_ONLY,
    10: Trouble.AWAY,  # an error of input or output
    13: Trouble.FULL,
    14: Trouble.AWAY,  # the file cannot be opened
}
# SQLSTATEs of PostgreSQL (appendix A of its manual), and their classes.
POSTGRESQL = {
    "40001": Trouble.UNDONE,
    "40P01": Trouble.UNDONE,
    "55P03": Trouble.BUSY,
    "25006": Trouble.READ_ONLY,
    "53100": Trouble.FULL,
    "53": Trouble.AWAY,
    "57": Trouble.AWAY,
    "08": Trouble.AWAY,
}


def trouble_of(error: Exception) -> Trouble | None:
    """None for an error of the statement itself."""
    if isinstance(error, PoolTimeoutError):
        return Trouble.BUSY
    if not isinstance(error, DBAPIError):
        return None
    state = getattr(error.orig, "sqlstate", None) or ""
    code = getattr(error.orig, "sqlite_errorcode", None) or 0
    found = POSTGRESQL.get(state) or POSTGRESQL.get(state[:2]) or SQLITE.get(code & 0xFF)
    return found or (Trouble.AWAY if error.connection_invalidated else None)


def again(use_case: Callable[Parameters, Awaitable[Result]]) -> Callable[Parameters, Awaitable[Result]]:
    """Decorator of a use case of one transaction: what others have undone is tried again."""

    @wraps(use_case)
    async def tried(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        for number in range(TRIES - 1):
            try:
                return await use_case(*args, **kwargs)
            except DBAPIError as error:
                if trouble_of(error) != Trouble.UNDONE:
                    raise
            await asyncio.sleep(random.uniform(0, PAUSE_SECONDS * 2**number))  # noqa: S311 - no secret
        return await use_case(*args, **kwargs)

    return tried
