"""Weekly report: on Mondays, once a week, as a mail or as a file."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from server.analytics.report import service, tasks
from server.institution import service as institution
from server.services import Services
from server.settings import Settings
from storage.database.engine import Database
from storage.database.tables import OutboxMessage
from storage.objects.folder import FolderStore
from tests.fixtures.web import Account, RecordedQueue
from tests.world.builder import World

MONDAY = datetime(2026, 11, 23, 5, tzinfo=UTC)  # six o'clock in Berlin


@pytest.fixture
async def services(
    settings: Settings, database: Database, folder_store: FolderStore, recorded_queue: RecordedQueue
) -> Services:
    values = {"name": "Northfield", "time_zone": "Europe/Berlin", "language": "en"}
    await institution.save(database, values, 1, MONDAY)
    return Services(settings, database, folder_store, recorded_queue)


async def test_without_a_mail_server_it_is_a_file_on_the_page(
    services: Services, world: World, administrator: Account, learner: Account
) -> None:
    await world.course("Optics", learners=[learner])
    for _ in range(2):
        await tasks.run(services, MONDAY, MONDAY)
    assert service.names(services.settings) == ["week-2026-W47.txt"]
    shown = (await administrator.browser.get("/admin/analytics")).text
    assert "/admin/analytics/reports/week-2026-W47.txt" in shown
    report = (await administrator.browser.get("/admin/analytics/reports/week-2026-W47.txt")).text
    assert "November 16, 2026 to November 22, 2026" in report
    assert "New enrolments:                   1  (before: 0)" in report
    assert "Optics" in report


async def test_file_is_written_once(services: Services) -> None:
    assert (await tasks.run(services, MONDAY, MONDAY)) is not None
    path = service.file_of(services.settings, "week-2026-W47.txt")
    path.write_text("kept")
    assert await tasks.run(services, MONDAY, MONDAY) is None
    assert path.read_text() == "kept"


async def test_on_other_days_nothing_is_written(services: Services) -> None:
    for day in (22, 24):
        assert await tasks.run(services, MONDAY.replace(day=day), MONDAY) is None
    assert service.names(services.settings) == []


async def test_week_begins_in_the_zone_of_the_institution(services: Services) -> None:
    place = await institution.get(services.database)
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # Monday in Berlin
    assert service.week_of(late, place) is not None
    assert service.week_of(late.replace(hour=22), place) is None


async def test_with_a_mail_server_it_is_mailed_to_administrators_once(
    services: Services, administrator: Account, learner: Account, database: Database
) -> None:
    mailing = replace(
        services, settings=replace(services.settings, smtp_url="smtp://127.0.0.1:1", mail_from="a@b.c")
    )
    for _ in range(2):
        await tasks.run(mailing, MONDAY, MONDAY)
    async with database.read() as session:
        mails = (await session.scalars(select(OutboxMessage))).all()
    assert [mail.recipient for mail in mails] == [administrator.email]
    assert mails[0].subject == "Northfield: figures of the week from November 16, 2026"
    assert "Learners:" in mails[0].body
    assert service.names(services.settings) == []
