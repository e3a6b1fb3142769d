"""Writes of a worker while its database is in trouble."""

import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from transcoder.worker import context
from transcoder.worker.context import with_retries

MORE = 5  # refusals after the half minute


class Refusing:
    """Call that is refused `times` times, with this result code of SQLite."""

    def __init__(self, code: int, times: int) -> None:
        self.calls, self.times = 0, times
        reason = sqlite3.OperationalError("no")
        reason.sqlite_errorcode = code
        self.error = OperationalError("UPDATE jobs", {}, reason)

    async def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return "written"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "PAUSES", (0.0,) * 3)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY])
async def test_outcome_waits_for_the_database(code: int) -> None:
    assert await with_retries(Refusing(code, 3 + MORE)) == "written"


async def test_error_of_the_statement_ends_the_job() -> None:
    refusing = Refusing(sqlite3.SQLITE_ERROR, 3 + MORE)
    with pytest.raises(OperationalError):
        await with_retries(refusing)
    assert refusing.calls == 4
