"""Weekly report of the figures: written once for each week, however often the task runs.

With a mail server it goes to the administrators through the outbox, whose messages name the week; without, it
is a file in the data folder, whose name does.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics import rules
from server.analytics.console import building
from server.analytics.console.building import Ask, Console
from server.analytics.console.rules import Compared, compared
from server.analytics.definitions.scope import EVERYTHING
from server.analytics.report import writing
from server.analytics.rules import Range, later
from server.core.clock import local_day
from server.core.errors import NotFound
from server.core.text.i18n import in_language
from server.institution import service as institution
from server.institution.service import InstitutionView
from server.outbox import service as outbox
from server.outbox.service import Mail
from server.services import Services
from server.settings import Settings
from storage.database.locks import advisory_lock
from storage.database.tables import OutboxMessage, User
from storage.messages import N_
from storage.states import Role

FOLDER = "reports"  # in the data folder
NAME = re.compile(r"week-\d{4}-W\d{2}\.txt")
SHOWN = 12  # reports on the page
NO_REPORT = N_("There is no such report.")
LOCK = "analytics/report"


def week_of(slot: datetime, place: InstitutionView) -> Range | None:
    """The week before, from Monday to Sunday, if the slot is on a Monday of the institution."""
    day = local_day(slot, place.time_zone, 0)
    if day.weekday() != 0:
        return None
    return Range(later(day.isoformat(), -7), later(day.isoformat(), -1))


async def write(services: Services, week: Range, now: datetime) -> str:
    """Use case: the report of a week, if there is none yet; its mark, or empty if there is one."""
    mark = f"week-{rules.week(week.first)}"
    mails = bool(services.settings.smtp_url)
    path = folder(services.settings) / f"{mark}.txt"
    if not mails and path.exists():
        return ""
    async with services.database.read() as session:
        if mails and await _is_mailed(session, mark):
            return ""
        place = await institution.shown(session)
        found = await building.console(session, _ask(week, place, now))
        subject, text = _told(found, place, services.settings.public_url)
    if not mails:
        await asyncio.to_thread(_store, path, text)
        return mark
    async with services.database.write() as session:
        await advisory_lock(session, LOCK)
        if await _is_mailed(session, mark):
            return ""
        mails_of = [Mail(email, subject, text, mark) for email in await _recipients(session)]
        await outbox.put_mails(session, mails_of, now)
    await outbox.send_soon(services.database, now)
    return mark


def _ask(week: Range, place: InstitutionView, now: datetime) -> Ask:
    today = local_day(now, place.time_zone, place.day_start_hour).isoformat()
    return Ask(
        scope=EVERYTHING, days=week, before=compared(week, Compared.BEFORE), today=today, now=now, place=place
    )


def _told(found: Console, place: InstitutionView, url: str) -> tuple[str, str]:
    with in_language(place.language):
        return writing.subject(found, place.name), writing.text(found, place.name, url)


async def _is_mailed(session: AsyncSession, mark: str) -> bool:
    return (
        await session.scalar(select(OutboxMessage.id).where(OutboxMessage.about == mark).limit(1)) is not None
    )


async def _recipients(session: AsyncSession) -> list[str]:
    row = User
    administrators = select(row.email).where(row.role == Role.ADMINISTRATOR, row.disabled_at.is_(None))
    return list(await session.scalars(administrators.order_by(row.email)))


def folder(settings: Settings) -> Path:
    return settings.data / FOLDER


def _store(path: Path, text: str) -> None:
    """A file that is whole or not there, also when the machine dies."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def names(settings: Settings) -> list[str]:
    """Names of the reports that were written as files, the latest first."""
    return sorted(_names(settings), reverse=True)[:SHOWN]


def _names(settings: Settings) -> Iterator[str]:
    if folder(settings).is_dir():
        for path in folder(settings).iterdir():
            if NAME.fullmatch(path.name):
                yield path.name


def file_of(settings: Settings, name: str) -> Path:
    """Raises NotFound."""
    path = folder(settings) / name
    if not NAME.fullmatch(name) or not path.is_file():
        raise NotFound(NO_REPORT)
    return path


def first_day(name: str) -> str:
    """Monday of the week of a report's name."""
    year, week = name[5:13].split("-W")
    return date.fromisocalendar(int(year), int(week), 1).isoformat()
