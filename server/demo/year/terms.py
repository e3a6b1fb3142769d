"""Terms of the demo, counted back from its last day, so that it always ends in the middle of one. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

DAYS = 364
TERM_WEEKS, BREAK_WEEKS = 15, 7
WEEKS_SO_FAR = 9  # of the term that is going on
TERMS = 3  # that of the beginning was going on already


class Calendar(msgspec.Struct, frozen=True):
    """`end`: now. Moments are in UTC, hours are those of the institution's zone."""

    end: datetime
    zone: str

    @property
    def today(self) -> date:
        return self.end.astimezone(ZoneInfo(self.zone)).date()

    @property
    def begin(self) -> datetime:
        """Midnight of the first day."""
        return self.moment(self.today - timedelta(days=DAYS), 0.0)

    def first_day(self, term: int) -> date:
        """Monday of the first week of a term, or the first day of the year."""
        monday = self.today - timedelta(days=self.today.weekday(), weeks=WEEKS_SO_FAR - 1)
        first = monday - timedelta(weeks=(TERMS - 1 - term) * (TERM_WEEKS + BREAK_WEEKS))
        return max(first, self.today - timedelta(days=DAYS))

    def last_day(self, term: int) -> date:
        monday = self.today - timedelta(days=self.today.weekday(), weeks=WEEKS_SO_FAR - 1)
        begun = monday - timedelta(weeks=(TERMS - 1 - term) * (TERM_WEEKS + BREAK_WEEKS))
        return begun + timedelta(weeks=TERM_WEEKS, days=-1)

    def term_of(self, moment: datetime) -> int:
        """The term that a moment is in, or the one after it."""
        day = moment.astimezone(ZoneInfo(self.zone)).date()
        return next(term for term in range(TERMS) if day <= self.last_day(term))

    def first_moment(self, term: int) -> datetime:
        return self.moment(self.first_day(term), 0.0)

    def moment(self, day: date, hour: float) -> datetime:
        local = datetime.combine(day, time(), ZoneInfo(self.zone)) + timedelta(hours=hour)
        return local.astimezone(UTC)
