"""ZIP file of what there is about one person, written while it is read: each list as JSON and as CSV."""

import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import IO, Any, cast

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.audit.recording import record_people
from server.core.errors import NotFound
from server.core.text.csv_lines import BYTE_ORDER_MARK, csv_lines
from server.operations.privacy.own_data.sources import SOURCES, Owner, Source
from storage.database.engine import Database
from storage.database.tables import User
from storage.messages import N_
from storage.states.privacy import AuditAction

BATCH = 500  # rows in memory
README = """Everything that this SkillStudio has about you, on {at} (UTC).

Each list is there twice: as JSON, with every value, and as CSV for spreadsheets. Times are in UTC. Passwords
and the secrets of sessions and tokens are left out. What others wrote, and the lectures, are not in it.

"""


async def begin(database: Database, person_id: str, now: datetime, *, by: str) -> Owner:
    """Use case: note that an administrator takes somebody's data; one's own is not noted. Raises NotFound."""
    async with database.write() as session:
        user = await session.get(User, person_id)
        if user is None or user.erased_at is not None:
            raise NotFound(N_("There is no such account."))
        if by != person_id:
            await record_people(session, by, AuditAction.PERSON_EXPORTED, now, [user])
        return Owner(user.id, user.email)


async def blocks(database: Database, owner: Owner, now: datetime) -> AsyncIterator[bytes]:
    """Blocks of the file, from one reading of the database."""
    sink = _Sink()
    with zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_DEFLATED) as archive:
        async with database.read() as session:
            names = [source.name for source in SOURCES]
            text = README.format(at=now.strftime("%Y-%m-%d %H:%M")) + "\n".join(names) + "\n"
            archive.writestr(_entry("README.txt", now), text)
            for source in SOURCES:
                for suffix, write in ((".json", _write_json), (".csv", _write_csv)):
                    with archive.open(_entry(source.name + suffix, now), "w", force_zip64=True) as file:
                        async for _ in write(file, source, _rows(session, source, owner)):
                            yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """File that is only written to: what is in it is taken out as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data, self._parts = b"".join(self._parts), []
        return data


def _entry(name: str, now: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=now.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


async def _rows(session: AsyncSession, source: Source, owner: Owner) -> AsyncIterator[Sequence[Any]]:
    columns = [getattr(source.table, name) for name in source.columns]
    query = select(*columns).where(source.own(owner)).order_by(*source.table.__table__.primary_key)
    found = await session.stream(query.execution_options(yield_per=BATCH))
    async for part in found.partitions():
        yield part


async def _write_json(
    file: IO[bytes], source: Source, parts: AsyncIterator[Sequence[Any]]
) -> AsyncIterator[None]:
    """An array of objects, a line each."""
    begun = False
    file.write(b"[")
    async for rows in parts:
        for row in rows:
            file.write(b",\n" if begun else b"\n")
            file.write(msgspec.json.encode(dict(zip(source.columns, row, strict=True))))
            begun = True
        yield
    file.write(b"\n]\n")
    yield


async def _write_csv(
    file: IO[bytes], source: Source, parts: AsyncIterator[Sequence[Any]]
) -> AsyncIterator[None]:
    file.write((BYTE_ORDER_MARK + csv_lines([source.columns])).encode())
    async for rows in parts:
        file.write(csv_lines([_cell(value) for value in row] for row in rows).encode())
        yield
    yield


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"')
