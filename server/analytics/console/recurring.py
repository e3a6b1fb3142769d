"""MRR at the end of local days. Steps."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics.definitions import money
from server.analytics.definitions.scope import Scope
from server.analytics.rules import Range, later
from server.institution.service import InstitutionView

MOST_MOMENTS = 31  # of a line


def day_end(day: str, place: InstitutionView) -> datetime:
    """The moment when the next local day begins, in UTC."""
    begin = datetime.combine(date.fromisoformat(later(day, 1)), time(place.day_start_hour))
    return begin.replace(tzinfo=ZoneInfo(place.time_zone)).astimezone(UTC)


def moments(days: Range) -> list[str]:
    """Days of a line: all of a short range, else evenly spaced ones with the first and the last."""
    every = -(-(days.count - 1) // (MOST_MOMENTS - 1)) or 1
    return [later(days.last, -number) for number in range(0, days.count, every)][::-1]


async def at_ends(
    session: AsyncSession, scope: Scope, days: list[str], place: InstitutionView, now: datetime
) -> dict[str, dict[str, int]]:
    """MRR in minor units by currency and day: at its end, on the current day as of now."""
    curves = await money.curves(session, scope)
    found: dict[str, dict[str, int]] = {}
    for day in days:
        moment = min(now, day_end(day, place) - timedelta(microseconds=1))
        for currency, curve in curves.items():
            if (sums := curve.at(moment)).active:
                found.setdefault(currency, dict.fromkeys(days, 0))[day] = sums.minor
    return {currency: found[currency] for currency in sorted(found)}


async def currencies(session: AsyncSession, scope: Scope) -> list[str]:
    """Those that there are recurring payments in."""
    return sorted(await money.curves(session, scope))
