"""Scheduled looks."""

from datetime import datetime

from server.core.schedule import this_host
from server.operations.notices import looks, service
from server.services import Services
from storage.messages import N_, Message, message


async def look_at_disks(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """This machine's disks."""
    return _told(await service.take(services, await looks.at_disks(services.settings, this_host()), now))


async def look_at_services(services: Services, _slot: datetime, now: datetime) -> Message | None:
    await service.forget_unseen(services.database, now)
    return _told(await service.take(services, await looks.at_services(services, now), now))


def _told(count: int) -> Message | None:
    return message(N_("Notices: %(count)s"), count=count) if count else None
