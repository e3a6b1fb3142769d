"""Scheduled tasks of accounts."""

from datetime import datetime

from server.accounts.signing_in import invitations, sessions
from server.core import signing_keys
from server.services import Services


async def clean_up(services: Services, _slot: datetime, now: datetime) -> None:
    """Delete sessions and invitations that have ended; replace signing keys that are old enough."""
    await sessions.sweep(services.database, now)
    await invitations.sweep(services.database, now)
    await signing_keys.renew(services.database, now)
