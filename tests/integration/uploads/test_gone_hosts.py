"""Two upload contexts as two hosts: each sweeps its own spool, and a host that is gone for a day ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from server.core.errors import Gone
from server.core.schedule import Every, host_row_name, this_host
from server.encoding.presentation import presentation
from server.encoding.progress import LessonProgress, snapshot
from server.uploads import receive, service
from server.uploads.context import UploadContext
from server.uploads.forms import ticket
from server.uploads.hosts import gone
from server.uploads.hosts.rows import SILENT, SWEEP, announce
from server.uploads.schemas import InitUpload
from server.uploads.spool import Spool
from server.uploads.sweep import Swept, sweep
from server.wiring import TASKS
from storage.database.tables import Host, ScheduledTask, Upload
from storage.states import UploadState
from tests.fixtures.database import on_both_databases
from tests.fixtures.desk import DATA, Desk
from tests.world.clock import START as NOW

HOUR = timedelta(hours=1)
Beat = Callable[[str, datetime], Awaitable[None]]
one_store = pytest.mark.parametrize("store", ["folder"], indirect=True)


@pytest.fixture
def desk_a(desk: Desk) -> Desk:
    return Desk(replace(desk.context, host="a"), desk.school)


@pytest.fixture
def b(desk: Desk, tmp_path: Path) -> UploadContext:
    return replace(desk.context, host="b", spool=Spool(tmp_path / "b" / "uploads"))


@pytest.fixture
def beat(desk: Desk) -> Beat:
    """Row of a host's sweep that started at this moment."""

    async def write(host: str, moment: datetime) -> None:
        async with desk.context.database.write() as session:
            name = host_row_name(SWEEP, host)
            await session.merge(ScheduledTask(name=name, due_at=moment, last_started=moment, fence=0))

    return write


async def looks(context: UploadContext, start: datetime, hours: int) -> list[int]:
    return [await gone.look(context, start + n * HOUR) for n in range(1, hours + 1)]


async def progress(context: UploadContext, lesson_id: str, now: datetime = NOW) -> LessonProgress:
    async with context.database.read() as session:
        found = await snapshot(session, context, lesson_id, now)
    assert found
    return found


@one_store
@on_both_databases
async def test_sweep_leaves_uploads_of_other_hosts_alone(desk_a: Desk, b: UploadContext) -> None:
    whole, cut, received = await desk_a.begin(), await desk_a.begin(), await desk_a.receive()
    desk_a.arrive(whole)
    desk_a.arrive(cut, DATA[:7])
    assert await sweep(b, NOW + timedelta(days=30)) == Swept(0, 0, 0)
    assert await sweep(desk_a.context, NOW) == Swept(finished=2, expired=0, orphans=0)
    states = [(await desk_a.row(upload))[0] for upload in (whole, cut, received)]
    assert states == ["stored", "open", "stored"]


@one_store
@on_both_databases
async def test_gone_for_a_day_expires_once(desk_a: Desk, b: UploadContext, beat: Beat) -> None:
    upload, received = await desk_a.begin(), await desk_a.receive()
    desk_a.arrive(upload, DATA[:10])
    last = NOW + timedelta(hours=5)
    await beat("a", last)
    assert await looks(b, last, 23) == [0] * 23
    assert (await desk_a.row(upload))[0] == "open"
    assert await looks(b, last + 23 * HOUR, 3) == [2, 0, 0]
    assert await desk_a.row(upload) == ("expired", None)
    assert await desk_a.row(received) == ("expired", None)
    with pytest.raises(Gone):
        await service.find(b, desk_a.teacher, upload.id)
    told = presentation(await progress(b, upload.lesson_id)).expired
    assert told == "The upload of lecture.mp4 expired before all of it was stored. Upload the file again."
    again = await desk_a.begin()
    assert (await progress(b, again.lesson_id)).expired is None


@one_store
async def test_host_that_comes_back_after_a_day(desk_a: Desk, b: UploadContext, beat: Beat) -> None:
    """Its files go with its own sweep; an upload that it was storing does not reappear."""
    cut, received = await desk_a.begin(), await desk_a.receive()
    desk_a.arrive(cut, DATA[:10])
    await beat("a", NOW)
    await looks(b, NOW, 25)
    assert await sweep(desk_a.context, NOW + timedelta(hours=26)) == Swept(0, 0, orphans=2)
    assert list(desk_a.context.spool.files()) == []
    assert [(await desk_a.row(upload))[0] for upload in (cut, received)] == ["expired", "expired"]
    assert await desk_a.videos() == []
    assert await desk_a.context.store.stat(received.s3_key) is None


@one_store
async def test_whole_installation_was_off(desk_a: Desk, b: UploadContext, beat: Beat) -> None:
    """Three days later b starts first: no host is gone, and a's next sign starts the count again."""
    upload = await desk_a.begin()
    await beat("a", NOW)
    monday = NOW + timedelta(days=3)
    assert await looks(b, monday, 2) == [0, 0]
    await announce(b.database, "a", "http://a:8000")
    await beat("a", monday + 2 * HOUR)
    assert await looks(b, monday + 2 * HOUR, 23) == [0] * 23
    assert (await desk_a.row(upload))[0] == "open"


@one_store
async def test_host_without_a_row_counts_from_its_last_upload(desk_a: Desk, b: UploadContext) -> None:
    upload = await desk_a.begin()
    assert await looks(b, NOW, 24) == [0] * 23 + [1]
    assert (await desk_a.row(upload))[0] == "expired"


@one_store
async def test_storing_host_renews_its_lease(desk_a: Desk, b: UploadContext, beat: Beat) -> None:
    """A sweep that stores one file for two days was started long ago, and its host lives."""
    upload = await desk_a.receive()
    await beat("a", NOW)
    for hour in range(1, 48):
        async with b.database.write() as session:
            row = await session.get_one(ScheduledTask, host_row_name(SWEEP, "a"))
            row.lease_until = NOW + hour * HOUR
        assert await gone.look(b, NOW + hour * HOUR) == 0
    assert (await desk_a.row(upload))[0] == "received"


async def test_object_of_a_gone_host_is_submitted(desk_a: Desk, b: UploadContext) -> None:
    """The host died between the store and the row."""
    upload = await desk_a.receive()
    await b.store.put_bytes(upload.s3_key, DATA, "video/mp4")
    await looks(b, NOW, 24)
    assert await desk_a.row(upload) == ("stored", "processing")
    assert [video.source_key for video in await desk_a.videos()] == [upload.s3_key]


async def test_own_uploads_are_never_those_of_a_gone_host(desk_a: Desk) -> None:
    upload = await desk_a.begin()
    assert await looks(desk_a.context, NOW + timedelta(days=5), 30) == [0] * 30
    assert (await desk_a.row(upload))[0] == "open"


@one_store
async def test_files_in_the_spool_are_claimed(desk: Desk, desk_a: Desk, b: UploadContext, beat: Beat) -> None:
    """From an earlier version, and from a host that is silent and whose folder this one has."""
    earlier, others = await desk.begin(), await desk_a.begin()
    async with b.database.write() as session:
        (await session.get_one(Upload, earlier.id)).host = None
    shared = replace(b, spool=desk_a.context.spool)
    await beat("a", NOW)
    assert (await sweep(b, NOW)).claimed == 0  # no file here
    assert (await sweep(shared, NOW)).claimed == 1
    assert (await sweep(shared, NOW + SILENT)).claimed == 1
    async with b.database.read() as session:
        assert [(await session.get_one(Upload, row.id)).host for row in (earlier, others)] == ["b", "b"]


@one_store
async def test_received_upload_of_an_earlier_version_is_not_lost(desk: Desk, b: UploadContext) -> None:
    upload = await desk.receive()
    async with b.database.write() as session:
        (await session.get_one(Upload, upload.id)).host = None
    assert await sweep(b, NOW) == Swept(0, 0, 0)
    assert (await desk.row(upload))[0] == UploadState.RECEIVED
    assert (await sweep(desk.context, NOW)).finished == 1


@one_store
async def test_shared_folder_keeps_files_of_another_host(desk_a: Desk, b: UploadContext, beat: Beat) -> None:
    upload = await desk_a.begin()
    later = NOW + timedelta(hours=2)
    await beat("a", later)
    assert await sweep(replace(b, spool=desk_a.context.spool), later) == Swept(0, 0, 0)
    assert desk_a.context.spool.path(upload.id).exists()


@one_store
async def test_offset_recorded_for_other_hosts(
    desk_a: Desk, b: UploadContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "RECORD_SECONDS", 0.0)
    monkeypatch.setattr("server.uploads.receive.BLOCK", 1000)
    upload = await desk_a.begin()
    half_sent, go_on = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield DATA[:2000]
        yield DATA[2000:2500]
        half_sent.set()
        await go_on.wait()

    sending = asyncio.create_task(
        receive.append(desk_a.context, upload, body(), offset=0, length=None, checksum=None, now=NOW)
    )
    await half_sent.wait()
    (shown,) = (await progress(b, upload.lesson_id)).uploads
    assert (shown.offset, shown.size, shown.storing) == (2000, len(DATA), False)
    go_on.set()
    assert await sending == 2500
    (shown,) = (await progress(b, upload.lesson_id)).uploads
    assert shown.offset == 2500


@one_store
async def test_disk_space_is_promised_on_one_host(desk_a: Desk, b: UploadContext) -> None:
    upload = await desk_a.begin()
    async with b.database.read() as session:
        assert await service.promised_bytes(session, desk_a.context) == len(DATA)
        assert await service.promised_bytes(session, b) == 0
    assert (await desk_a.row(upload))[0] == "open"


async def test_form_is_bound_to_no_host(desk_a: Desk, b: UploadContext) -> None:
    wanted = InitUpload(desk_a.school.lesson_id, "lecture.mp4", "video/mp4")
    await ticket(desk_a.context, desk_a.teacher, wanted, public_url="http://x", key=b"k" * 32, now=NOW)
    assert await looks(b, NOW, 30) == [0] * 30
    assert await sweep(b, NOW + timedelta(days=2)) == Swept(0, 1, 0)


async def test_announcing_ends_the_count(desk: Desk) -> None:
    async with desk.context.database.write() as session:
        session.add(Host(name="a", silent_looks=30))
    await announce(desk.context.database, "a", "http://a:8000")
    async with desk.context.database.read() as session:
        row = await session.get_one(Host, "a")
    assert (row.address, row.silent_looks) == ("http://a:8000", 0)


def test_tasks_by_host() -> None:
    assert [task.name for task in TASKS if task.per_host] == [SWEEP, "disk"]
    (ending,) = (task for task in TASKS if task.run is gone.end_uploads)
    assert (ending.schedule, ending.per_host) == (Every(3600), False)


def test_context_names_this_machine(desk: Desk) -> None:
    assert desk.context.host == this_host()
