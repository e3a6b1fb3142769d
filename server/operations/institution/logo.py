"""The institution's logo: its object and the row that names it.

The bytes are stored before the row that shows them. Until then the object is scheduled for deletion, so that
a machine that dies in between leaves neither a row without its file nor a file without its row.
"""

from datetime import datetime

import structlog
from sqlalchemy import delete

from server.core.audit.recording import record
from server.core.errors import NoRoom, Unavailable
from server.institution import service as institution
from server.institution.service import InstitutionView
from server.operations.institution import rules
from server.services import Services
from server.uploads.rules import STORING_LIMIT
from storage import deletions
from storage.database.base import new_id
from storage.database.tables import ObjectDeletion
from storage.messages import N_
from storage.objects import keys
from storage.objects.store import StoreError, StoreFull
from storage.states.privacy import AuditAction

log = structlog.get_logger()


async def put(
    services: Services, name: str, data: bytes, now: datetime, *, by: str | None = None
) -> InstitutionView:
    """Use case: another logo. Raises Invalid, TooLarge, NoRoom and Unavailable."""
    media_type = rules.judge(name, data)
    logo_id = new_id()
    key = keys.logo(logo_id)
    async with services.database.write() as session:
        await deletions.schedule(session, [key], now + STORING_LIMIT)
    await services.database.sync()  # else a power cut could lose the entry and keep the bytes
    try:
        await services.store.put_bytes(key, data, media_type)
    except StoreFull as error:
        raise NoRoom(N_("The store has no room for the file. Ask an administrator to free space.")) from error
    except StoreError as error:
        log.warning("logo not stored", key=key, reason=str(error))
        raise Unavailable(N_("The file cannot be stored right now. Try again in a moment.")) from error
    return await _show(services, logo_id, media_type, now, by)


async def remove(services: Services, now: datetime, *, by: str | None = None) -> InstitutionView:
    """Use case: the product's mark again. Idempotent."""
    return await _show(services, None, None, now, by)


async def _show(
    services: Services, logo_id: str | None, media_type: str | None, now: datetime, by: str | None
) -> InstitutionView:
    async with services.database.write() as session:
        row = await institution.locked(session)
        if row.logo is not None:
            await deletions.schedule(session, [keys.logo(row.logo)], now + deletions.GRACE)
        if logo_id is not None:
            stored = ObjectDeletion.prefix == keys.logo(logo_id)
            await session.execute(delete(ObjectDeletion).where(stored))
        if row.logo != logo_id:
            await record(session, by, AuditAction.LOGO_CHANGED, now, data={"shown": logo_id is not None})
        row.logo, row.logo_type = logo_id, media_type
        await session.flush()
        return institution.view(row)
