"""Old originals: marked by age, kept for 30 days, then deleted; never one that is still needed."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from storage import deletions
from storage.database.engine import Database
from storage.database.tables import Lesson, ObjectDeletion, OriginalRemoval, Video
from storage.states import OriginalState, RevisionState
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import RecordedQueue
from tests.world.builder import World
from tests.world.clock import START
from transcoder.jobs import api, originals, revisions
from transcoder.jobs.originals import UNDO_TIME, keep, mark_old, remove_due

YEAR = 365
OLD = START + timedelta(days=YEAR, seconds=1)


async def states(database: Database) -> dict[str, OriginalState]:
    async with database.read() as session:
        rows = await session.scalars(select(OriginalRemoval))
        return {row.video_id: row.state for row in rows}


async def scheduled(database: Database) -> list[tuple[str, datetime]]:
    async with database.read() as session:
        return [(row.prefix, row.due_at) for row in await session.scalars(select(ObjectDeletion))]


@on_both_databases
async def test_old_original_is_marked_kept_for_30_days_and_deleted(database: Database) -> None:
    world = World(database)
    video = await world.video(await world.lesson())
    assert await mark_old(database, YEAR, START + timedelta(days=YEAR)) == originals.Marked()
    assert await mark_old(database, YEAR, OLD) == originals.Marked(1, video.source_bytes)
    assert await mark_old(database, YEAR, OLD) == originals.Marked()
    assert await remove_due(database, OLD + UNDO_TIME - timedelta(seconds=1)) == 0
    assert await scheduled(database) == []
    end = OLD + UNDO_TIME
    assert await remove_due(database, end) == 1
    assert await remove_due(database, end) == 0
    assert [prefix for prefix, _ in await scheduled(database)] == [video.source_key]
    async with database.read() as session:
        lesson = await session.get_one(Lesson, video.lesson_id)
        assert (lesson.video_id, lesson.video_original_url) == (video.id, None)
    assert await states(database) == {video.id: OriginalState.REMOVED}
    assert await mark_old(database, YEAR, end + timedelta(days=9)) == originals.Marked()


@on_both_databases
async def test_undo_keeps_an_original_for_good(database: Database) -> None:
    world = World(database)
    first, second = [await world.video(await world.lesson()) for _ in range(2)]
    await mark_old(database, YEAR, OLD)
    assert await keep(database, [first.id], OLD) == 1
    assert await keep(database, [first.id, "unknown"], OLD) == 0
    assert await states(database) == {first.id: OriginalState.KEPT, second.id: OriginalState.MARKED}
    assert await keep(database, None, OLD) == 1
    assert await mark_old(database, YEAR, OLD + UNDO_TIME) == originals.Marked()
    assert await remove_due(database, OLD + UNDO_TIME) == 0


@pytest.mark.parametrize("state", [state for state in RevisionState if state != RevisionState.READY])
async def test_unfinished_lecture_keeps_its_original(database: Database, state: RevisionState) -> None:
    """Another encode or a retry needs it."""
    world = World(database)
    video = await world.video(await world.lesson(), state=state)
    async with database.write() as session:  # as after an earlier end, while it is already shown
        await session.execute(update(Video).values(finished_at=START, published={}))
        await session.execute(update(Lesson).values(video_id=video.id))
    assert await mark_old(database, YEAR, OLD) == originals.Marked()
    assert video.id not in await states(database)


@on_both_databases
async def test_original_waits_while_a_newer_upload_is_encoded(database: Database) -> None:
    world = World(database)
    lesson = await world.lesson()
    await world.video(lesson)
    newer = await world.video(lesson, state=RevisionState.ENCODING)
    assert await mark_old(database, YEAR, OLD) == originals.Marked()
    async with database.write() as session:
        await revisions.cancel(session, await session.get_one(Video, newer.id), OLD)
    assert (await mark_old(database, YEAR, OLD)).count == 1


@on_both_databases
async def test_longer_limit_unmarks_what_it_no_longer_reaches(database: Database) -> None:
    world = World(database)
    await world.video(await world.lesson())
    for days, left in ((YEAR - 100, 1), (YEAR + 1, 0), (None, 0)):
        await mark_old(database, YEAR, OLD)
        async with database.write() as session:
            await originals.unmark_younger(session, days, OLD)
        assert len(await states(database)) == left


async def test_crash_before_the_commit_removes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run does it again: row and scheduled deletion are one transaction."""
    world = World(database)
    video = await world.video(await world.lesson())
    await mark_old(database, YEAR, OLD)

    async def die(*_arguments: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(deletions, "schedule", die)
        with pytest.raises(OSError, match="power cut"):
            await remove_due(database, OLD + UNDO_TIME)
    assert await states(database) == {video.id: OriginalState.MARKED}
    assert await remove_due(database, OLD + UNDO_TIME) == 1


async def test_many_originals_are_marked_in_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "BATCH", 2)
    world = World(database)
    for _ in range(5):
        await world.video(await world.lesson())
    assert (await mark_old(database, YEAR, OLD)).count == 5


async def test_encoding_again_says_that_the_original_is_gone(
    database: Database, recorded_queue: RecordedQueue
) -> None:
    world = World(database)
    video = await world.video(await world.lesson())
    await api.retry(database, recorded_queue, video.id, OLD)  # nothing to do, and no error
    await mark_old(database, YEAR, OLD)
    await remove_due(database, OLD + UNDO_TIME)
    with pytest.raises(api.NotPossible, match=r"The original was removed on \d{4}-\d\d-\d\d\. Upload"):
        await api.retry(database, recorded_queue, video.id, OLD)
