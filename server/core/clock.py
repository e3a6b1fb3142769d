"""Clock, and local days in the institution's time zone. The only source of "now"; tests hold it still."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo

NOON = 12  # o'clock
SKEW = timedelta(seconds=30)  # by which clocks of several machines may differ; leases of jobs need as much


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
