"""Scheduled tasks of accounts."""

from datetime import datetime

from server.accounts.signing_in import sessions
from server.core import signing_keys
from server.core.clock import SystemClock
from server.services import Services


async def clean_up(services: Services, _slot: datetime) -> str | None:
    """Delete sessions that have ended; replace signing keys that are old enough."""
    now = SystemClock().now()
    await sessions.sweep(services.database, now)
    await signing_keys.renew(services.database, now)
    return None
