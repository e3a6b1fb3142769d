"""Clock, and local days in the institution's time zone. The only source of "now"; tests hold it still."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo

NOON = 12  # o'clock
SKEW = timedelta(seconds=30)  # by which clocks of several machines may differ; leases of jobs need as much

LEAP = timedelta(hours=6)  # ahead of the time that has passed, from which on a clock is in doubt
DOUBT = timedelta(hours=1)  # after which a clock that went ahead is believed


@runtime_checkable  # Litestar checks the type of what it injects
class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def set_back(latest: datetime, now: datetime) -> timedelta:
    """By how much the clock was set back since it showed `latest`, at least; zero within SKEW."""
    ahead = latest - now
    return ahead if ahead > SKEW else timedelta(0)


def local_day(at: datetime, zone: str, day_start_hour: int) -> date:
    """The day that a moment counts for: days begin at `day_start_hour` (0-23) in `zone` (IANA name)."""
    return (at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - timedelta(hours=day_start_hour)).date()


@lru_cache(maxsize=4096)
def local_noon(day: str, zone: str, day_start_hour: int) -> datetime:
    """Noon in `zone` within the local day of a label (YYYY-MM-DD), in UTC: `local_day` gives the label back.

    A day that begins after noon has it on the next date.
    """
    date_of = date.fromisoformat(day) + timedelta(days=day_start_hour > NOON)
    return datetime.combine(date_of, time(NOON), ZoneInfo(zone)).astimezone(UTC)


def next_local_hour(after: datetime, zone: str, hour: int) -> datetime:
    """The first moment later than `after`, in UTC, when clocks in `zone` show `hour`:00.

    An hour that the change to summer time skips is an hour later; one that occurs twice is the first.
    """
    place = ZoneInfo(zone)
    day = after.astimezone(place).date() - timedelta(days=1)
    while True:
        moment = datetime.combine(day, time(hour), place).astimezone(UTC)
        if moment > after:
            return moment
        day += timedelta(days=1)


class ClockWatch:
    """Clock against the seconds that have passed since the machine started, its sleep included. One that goes
    ahead by LEAP is in doubt until it is set back, or DOUBT has passed: what is deleted by age meanwhile
    would be gone for good."""

    def __init__(self, passed: Callable[[], float]) -> None:
        self._passed = passed
        self._zero: datetime | None = None  # of the clock when nothing had passed, as far as it is believed
        self._doubted_at: float | None = None

    def in_doubt(self, now: datetime) -> bool:
        passed = self._passed()
        zero = now - timedelta(seconds=passed)
        if self._zero is None or zero - self._zero < LEAP:
            self._zero, self._doubted_at = zero, None
            return False
        if self._doubted_at is None:
            self._doubted_at = passed
        if passed - self._doubted_at >= DOUBT.total_seconds():
            self._zero, self._doubted_at = zero, None
        return self._doubted_at is not None
