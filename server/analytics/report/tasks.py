"""Scheduled task: the report of the week before, on Monday mornings of the institution's zone."""

from datetime import datetime

from server.analytics.report import service
from server.institution import service as institution
from server.services import Services
from storage.messages import N_, Message, message

HOUR = 6


async def run(services: Services, slot: datetime, now: datetime) -> Message | None:
    """Safe to run twice."""
    place = await institution.get(services.database)
    week = service.week_of(slot, place)
    written = await service.write(services, week, now) if week else ""
    return message(N_("Weekly report: %(name)s"), name=written) if written else None
