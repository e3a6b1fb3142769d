"""Uploads of attachments that are interrupted: neither rows without objects nor objects without rows."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from litestar import Litestar

from storage import deletions
from storage.database.engine import Database
from storage.database.tables import Lesson
from storage.objects.store import ObjectStore, StoreUnavailable
from tests.fixtures.web import Account, HeldClock
from tests.integration.learning.test_attachments import NAME, PDF, attachments, objects, send, spooled
from tests.world.builder import World


@pytest.fixture
async def lesson(world: World, instructor: Account, learner: Account) -> Lesson:
    course = await world.course("Optics", instructors=[instructor], learners=[learner])
    return await world.lesson(course, "Reading", text="Read this.")


async def test_lesson_deleted_during_an_upload_keeps_no_object(
    app: Litestar, lesson: Lesson, instructor: Account, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: ObjectStore = app.state["store"]
    adopt = type(store).adopt_file

    async def adopt_late(self: ObjectStore, key: str, path: Path, content_type: str) -> object:
        await instructor.api.delete(f"/api/lessons/{lesson.id}")
        return await adopt(self, key, path, content_type)

    monkeypatch.setattr(type(store), "adopt_file", adopt_late)
    assert (await send(instructor, attachments(lesson), NAME, PDF)).status_code == 404
    assert await objects(store) == set()


async def test_process_that_dies_before_the_row_leaves_no_object(
    app: Litestar,
    lesson: Lesson,
    instructor: Account,
    database: Database,
    held_clock: HeldClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from server.learning.files import service

    async def die(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(service, "_show", die)
    with pytest.raises(BaseException):  # noqa: B017 - the request is cancelled
        await send(instructor, attachments(lesson), NAME, PDF)
    assert len(await objects(app.state["store"])) == 1
    await deletions.purge_due(database, app.state["store"], held_clock.now() + timedelta(days=3))
    assert await objects(app.state["store"]) == set()


async def test_store_that_is_away_is_said(
    app: Litestar, lesson: Lesson, instructor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(type(app.state["store"]), "adopt_file", away)
    refused = await send(instructor, attachments(lesson), NAME, PDF)
    assert (refused.status_code, "Try again" in refused.json()["detail"]) == (503, True)
    assert spooled(app) == []
