"""The one source of "now", so that tests can hold it."""

from datetime import UTC, datetime
from typing import Protocol, runtime_checkable


@runtime_checkable  # Litestar checks what it injects
class Clock(Protocol):
    def now(self) -> datetime:
        """With a time zone, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)
