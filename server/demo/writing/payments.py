"""Payments of the demo, imported as billing would report them."""

from collections.abc import Sequence
from datetime import datetime

from server.analytics.payments import entering, service
from server.analytics.payments.schemas import NewPayment
from storage.database.engine import Database


async def write(database: Database, payments: Sequence[NewPayment], by: str, now: datetime) -> None:
    """Use case. `by`: an administrator. Raises Invalid for the first that is wrong.

    What is there already is left as it is.
    """
    async with database.read() as session:
        place = await service.place_of(session)
    entries = [entering.checked(one, place, now) for one in payments]
    done = await service.import_entries(database, entries, by, now)
    for problem in done.problems.values():
        raise problem
