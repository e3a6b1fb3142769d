"""Payments."""

from datetime import datetime
from typing import Any

from server.analytics.payments import entering, service
from server.analytics.payments.schemas import NewPayment
from storage.database.base import new_id
from storage.database.engine import Database


async def add_payment(database: Database, now: datetime, terms: dict[str, Any]) -> str:
    """Its id. Nobody has entered it."""
    given = {"at": now.isoformat(), "amount": 1000, "currency": "EUR", "external_id": new_id(), **terms}
    async with database.write() as session:
        place = await service.place_of(session)
        plan = await service.write(session, [entering.checked(NewPayment(**given), place, now)], None, now)
        row = plan.rows[0]
        await service.settle(session, [row], now)
    return row.id
