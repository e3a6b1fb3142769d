"""Audit log as administrators read it: filter by person, action and time, pages, and a CSV file."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.lists import AddressFilter, AddressReader, ListOptions
from server.core.text.csv_lines import BYTE_ORDER_MARK, csv_lines
from server.core.text.formats import local_time
from storage.database.engine import Database
from storage.database.paging import count_rows
from storage.database.tables import AuditEntry, User
from storage.messages import Message
from storage.states.privacy import AuditAction, AuditSubject

PAGES = ListOptions(sorts=("newest",))
LOT = 500  # rows in memory while a file is written
COLUMNS = ("at", "actor", "actor_id", "action", "subject", "subject_id", "label", "data")
LIKE = str.maketrans({character: f"\\{character}" for character in "\\%_"})


class AuditFilter(AddressFilter, frozen=True):
    """What the address asks for. Made by `read`, which accepts any address."""

    person: str = ""  # id of an account, or part of a name: who did it, or whom it was done to
    action: str = ""
    first: str = ""  # local days of the institution
    last: str = ""
    page: int = 1
    problems: Mapping[str, Message] = {}  # of the address, by parameter

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "AuditFilter":
        """Unknown and malformed values count as not given, and are told."""
        reader = AddressReader(parameters)
        first, last = reader.days()
        return cls(
            person=reader.text("person"),
            action=reader.choice("action", tuple(AuditAction)),
            first=first,
            last=last,
            page=reader.page(),
            problems=reader.problems,
        )


class AuditView(msgspec.Struct, frozen=True):
    at: datetime
    actor_id: str | None
    actor_name: str  # then
    action: AuditAction
    subject_kind: AuditSubject
    subject_id: str | None
    label: str
    data: dict[str, Any]


class AuditPage(msgspec.Struct, frozen=True):
    """One page of the log, as its template shows it."""

    state: AuditFilter
    items: list[AuditView]
    hits: int
    accounts: frozenset[str]  # ids among the shown ones that are accounts now

    @property
    def pages(self) -> int:
        return PAGES.page_count(self.hits)

    @property
    def previous(self) -> int | None:
        return self.state.page - 1 if self.state.page > 1 else None

    @property
    def next(self) -> int | None:
        return self.state.page + 1 if self.state.page < self.pages else None

    def query(self, **changes: Any) -> str:
        return self.state.query(**changes)


async def shown(session: AsyncSession, state: AuditFilter, zone: str) -> AuditPage:
    """Step: page of the log, the latest first."""
    found = _found(state, zone)
    hits = await count_rows(session, found)
    state = msgspec.structs.replace(state, page=max(1, min(state.page, PAGES.page_count(hits))))
    rows = await session.scalars(
        found.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .offset((state.page - 1) * PAGES.page_size)
        .limit(PAGES.page_size)
    )
    items = [_view(row) for row in rows]
    people = {one.actor_id for one in items} | {
        one.subject_id for one in items if one.subject_kind == AuditSubject.PERSON
    }
    known = select(User.id).where(User.id.in_(filter(None, people)), User.erased_at.is_(None))
    return AuditPage(state, items, hits, frozenset(await session.scalars(known)))


def _found(state: AuditFilter, zone: str) -> Select[AuditEntry]:
    entry = AuditEntry
    query = select(entry)
    if state.person:
        part = f"%{state.person.translate(LIKE)}%"
        named = (entry.subject_kind == AuditSubject.PERSON) & entry.label.ilike(part, escape="\\")
        query = query.where(
            or_(
                entry.actor_id == state.person,
                (entry.subject_kind == AuditSubject.PERSON) & (entry.subject_id == state.person),
                entry.actor_name.ilike(part, escape="\\"),
                named,
            )
        )
    if state.action:
        query = query.where(entry.action == state.action)
    if state.first:
        query = query.where(entry.at >= _begin(state.first, zone))
    if state.last:
        query = query.where(entry.at < _begin(state.last, zone, days=1))
    return query


def _begin(day: str, zone: str, days: int = 0) -> datetime:
    """Midnight of a local day, or of one after it; of the last days of the calendar, that day itself."""
    named = date.fromisoformat(day)
    later = min(named.toordinal() + days, date.max.toordinal() - 1)
    first = date.fromordinal(max(later, date.min.toordinal() + 1))
    return datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(zone))


def _view(row: AuditEntry) -> AuditView:
    return AuditView(**{name: getattr(row, name) for name in AuditView.__struct_fields__})


async def csv_of(database: Database, state: AuditFilter, zone: str) -> AsyncIterator[str]:
    """Everything that the filter finds, the latest first, in the institution's time."""
    yield BYTE_ORDER_MARK + csv_lines([COLUMNS])
    last: tuple[datetime, str] | None = None
    while True:
        entry = AuditEntry
        query = _found(state, zone).order_by(entry.at.desc(), entry.id.desc()).limit(LOT)
        if last is not None:
            at, entry_id = last
            query = query.where(or_(entry.at < at, (entry.at == at) & (entry.id < entry_id)))
        async with database.read() as session:
            rows = (await session.scalars(query)).all()
        yield csv_lines(_cells(row, zone) for row in rows)
        if len(rows) < LOT:
            return
        last = rows[-1].at, rows[-1].id


def _cells(row: AuditEntry, zone: str) -> tuple[str, ...]:
    data = msgspec.json.encode(row.data).decode() if row.data else ""
    who = (local_time(row.at, zone), row.actor_name, row.actor_id or "")
    return (*who, row.action, row.subject_kind, row.subject_id or "", row.label, data)
