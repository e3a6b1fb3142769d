"""Media delivery at /m/ and permissions for its URLs: half of fault 13 and fault 12."""

import gzip
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import m3u8
import pytest

from server.playback import tokens
from server.settings import Settings
from storage.database.engine import Database
from storage.database.tables import Enrolment, Job, Lesson, Video
from storage.objects import keys
from storage.objects.folder import FolderStore
from storage.objects.store import ObjectStore
from storage.states import JobState
from tests.fixtures.web import Account, HeldClock
from tests.world.builder import World
from tests.world.media import plan_of

PLAN = plan_of(60.0)

MakeLesson = Callable[..., Awaitable[Lesson]]


@pytest.fixture
def make_lesson(world: World, instructor: Account, learner: Account) -> MakeLesson:
    """Published lesson with `done` finished chunks and `audio` seconds of audio; `learner` is enrolled."""

    async def make(*, done: int, audio: int = 60, state: str = "encoding") -> Lesson:
        course = await world.course("C", instructors=[instructor], learners=[learner])
        lesson = await world.lesson(course, "L")
        await world.video(lesson, state=state, seconds=60, chunks=done, audio_seconds=audio)
        return await world.reload(lesson)

    return make


async def playback(account: Account, lesson: Lesson) -> dict[str, Any]:
    answer = await account.api.get(f"/api/video/playback/{lesson.id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_growing_lecture_has_uncached_event_playlist(
    make_lesson: MakeLesson, learner: Account, client: httpx.AsyncClient
) -> None:
    lesson = await make_lesson(done=2, audio=18)
    known = await playback(learner, lesson)
    assert (known["state"], known["playable_seconds"], known["duration_seconds"]) == ("growing", 12, 60)
    master = await client.get(known["hls_url"])
    assert master.headers["cache-control"] == "no-store"
    names = [item.uri for item in m3u8.loads(master.text).playlists]
    assert names == ["1080p/index.m3u8", "720p/index.m3u8", "480p/index.m3u8"]
    media = m3u8.loads((await client.get(known["hls_url"].replace("master.m3u8", names[0]))).text)
    assert (media.playlist_type, media.is_endlist, len(media.segments)) == ("event", False, 2)
    audio = m3u8.loads((await client.get(known["hls_url"].replace("master", "audio/index"))).text)
    assert len(audio.segments) == 3


async def test_addresses_of_the_lesson_api_play(
    make_lesson: MakeLesson, learner: Account, client: httpx.AsyncClient, folder_store: FolderStore
) -> None:
    """A learner's program follows `video_hls_url` of the lesson to a segment, without further sign-in."""
    assert PLAN.video is not None
    lesson = await make_lesson(done=len(PLAN.video.chunks), state="ready")
    await folder_store.put_bytes(keys.segment(str(lesson.video_id), "720p", 0, 1), b"segment", "video/mp4")
    told = (await learner.api.get(f"/api/lessons/{lesson.id}")).json()
    listed = (await learner.api.get(f"/api/courses/{lesson.course_id}/lessons")).json()
    assert [item["video_hls_url"] for item in listed] == [told["video_hls_url"]]
    master = await client.get(told["video_hls_url"])
    root = told["video_hls_url"].removesuffix("master.m3u8")
    variant = next(item.uri for item in m3u8.loads(master.text).playlists if "720p" in item.uri)
    media = m3u8.loads((await client.get(root + variant)).text)
    folder = root + variant.rpartition("/")[0] + "/"
    assert (await client.get(folder + media.segments[0].uri)).content == b"segment"


async def test_lesson_without_a_video_has_no_addresses(make_lesson: MakeLesson, learner: Account) -> None:
    lesson = await make_lesson(done=0, audio=0)
    told = (await learner.api.get(f"/api/lessons/{lesson.id}")).json()
    assert (told["video_hls_url"], told["video_thumbnail_url"]) == (None, None)


async def test_finished_lecture_has_complete_gzipped_playlists(
    make_lesson: MakeLesson, learner: Account, client: httpx.AsyncClient
) -> None:
    assert PLAN.video is not None
    known = await playback(learner, await make_lesson(done=len(PLAN.video.chunks), state="ready"))
    assert known["state"] == "ready"
    gzip_only = {"accept-encoding": "gzip"}
    async with client.stream("GET", known["hls_url"], headers=gzip_only) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        text = gzip.decompress(b"".join([part async for part in answer.aiter_raw()])).decode()
    assert len(m3u8.loads(text).playlists) == 3
    media = m3u8.loads((await client.get(known["hls_url"].replace("master", "720p/index"))).text)
    assert media.is_endlist
    assert len(media.segments) == 10


async def test_playlist_ends_before_missing_chunk(
    make_lesson: MakeLesson, learner: Account, database: Database
) -> None:
    lesson = await make_lesson(done=3)
    async with database.write() as session:
        row = await session.get(Job, (await _chunk(session, lesson, 1)))
        assert row is not None
        row.state, row.result = JobState.RUNNING, None
    assert (await playback(learner, lesson))["playable_seconds"] == 6


async def _chunk(session: Any, lesson: Lesson, number: int) -> str:
    from sqlalchemy import select

    found = await session.scalar(
        select(Job.id).where(Job.video_id == lesson.video_id, Job.kind == "chunk", Job.number == number)
    )
    return str(found)


async def test_nothing_is_playable_before_the_first_chunk(
    make_lesson: MakeLesson, learner: Account, client: httpx.AsyncClient, held_clock: HeldClock
) -> None:
    known = await playback(learner, await make_lesson(done=0))
    assert (known["state"], known["hls_url"]) == ("waiting", None)


async def test_file_requests_with_and_without_ranges(
    make_lesson: MakeLesson, learner: Account, client: httpx.AsyncClient, folder_store: ObjectStore
) -> None:
    lesson = await make_lesson(done=1)
    assert lesson.video_id is not None
    body = bytes(range(256)) * 4000
    await folder_store.put_bytes(keys.segment(lesson.video_id, "1080p", 0, 1), body, "video/mp4")
    url = (await playback(learner, lesson))["hls_url"].replace("master.m3u8", "1080p/00000.1.m4s")
    whole = await client.get(url)
    assert (whole.status_code, whole.content == body) == (200, True)
    assert "immutable" in whole.headers["cache-control"]
    assert "session" not in whole.headers.get("set-cookie", "")
    part = await client.get(url, headers={"Range": "bytes=1000-300999"})
    assert (part.status_code, part.content == body[1000:301_000]) == (206, True)
    assert part.headers["content-range"] == f"bytes 1000-300999/{len(body)}"
    assert (await client.get(url, headers={"Range": "bytes=9999999-"})).status_code == 416
    head = await client.head(url)
    assert (head.headers["content-length"], head.content) == (str(len(body)), b"")
    assert (await client.get(url.replace("00000", "00001"))).status_code == 404
    assert (await client.post(url)).status_code == 405


async def test_invalid_tokens_get_empty_403(
    make_lesson: MakeLesson, learner: Account, client: httpx.AsyncClient, held_clock: HeldClock
) -> None:
    first, second = await make_lesson(done=1), await make_lesson(done=1)
    url = (await playback(learner, first))["hls_url"]
    token = url.split("/")[2]
    later = tokens.sign(b"x" * 32, str(first.video_id), b"abcdef", held_clock.now() + timedelta(hours=1))
    for bad in (
        url.replace(str(first.video_id), str(second.video_id)),  # token for A on B
        url.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B")),  # altered
        url.replace(token, later),  # signed with another key
        url.replace(token, "x"),
    ):
        answer = await client.get(bad)
        assert (answer.status_code, answer.content) == (403, b"")
    assert (await client.get(url)).status_code == 200


async def test_expired_token_is_replaced_by_a_new_request(
    make_lesson: MakeLesson, learner: Account, client: httpx.AsyncClient, held_clock: HeldClock
) -> None:
    lesson = await make_lesson(done=1)
    url = (await playback(learner, lesson))["hls_url"]
    held_clock.advance(hours=5)
    assert (await client.get(url)).status_code == 200
    held_clock.advance(hours=3)
    assert (await client.get(url)).status_code == 403
    assert (await client.get((await playback(learner, lesson))["hls_url"])).status_code == 200


async def test_playback_permissions(
    make_lesson: MakeLesson, instructor: Account, learner: Account, administrator: Account, make_account: Any,
    client: httpx.AsyncClient, database: Database,
) -> None:  # fmt: skip
    lesson = await make_lesson(done=1)
    stranger = await make_account("learner", email="stranger@example.edu")
    other_teacher = await make_account("instructor", email="other@example.edu")
    path = f"/api/video/playback/{lesson.id}"
    assert (await client.get(path)).status_code == 401
    for account, status in (
        (learner, 200),
        (instructor, 200),
        (administrator, 200),
        (stranger, 404),
        (other_teacher, 404),
    ):
        assert (await account.api.get(path)).status_code == status
    async with database.write() as session:  # losing the enrolment stops new tokens at once
        row = await session.get(Enrolment, (lesson.course_id, learner.id))
        await session.delete(row)
    assert (await learner.api.get(path)).status_code == 404


async def test_lesson_page_has_the_player(make_lesson: MakeLesson, learner: Account) -> None:
    lesson = await make_lesson(done=1)
    answer = await learner.browser.get(f"/dashboard/courses/{lesson.course_id}/lessons/{lesson.id}")
    assert answer.status_code == 200
    assert "data-lecture-player" in answer.text
    assert "/m/" in answer.text


async def test_thumbnail_of_a_video_without_one_is_its_poster(
    make_lesson: MakeLesson, learner: Account, client: httpx.AsyncClient, folder_store: ObjectStore
) -> None:
    lesson = await make_lesson(done=10, state="ready")
    assert lesson.video_id is not None
    known = await playback(learner, lesson)
    assert (await client.get(known["thumbnail_url"])).status_code == 404
    await folder_store.put_bytes(keys.poster(lesson.video_id), b"poster", "image/jpeg")
    older = await client.get(known["thumbnail_url"])
    assert (older.status_code, older.content, older.headers["content-type"]) == (200, b"poster", "image/jpeg")
    await folder_store.put_bytes(keys.thumbnail(lesson.video_id), b"small", "image/jpeg")
    assert (await client.get(known["thumbnail_url"])).content == b"small"
    assert (await client.get(known["poster_url"])).content == b"poster"


async def test_part_that_was_made_again_replaces_the_old_one(
    make_lesson: MakeLesson,
    learner: Account,
    client: httpx.AsyncClient,
    folder_store: FolderStore,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In playlists that were in memory, and for players that ask for the old names."""
    assert PLAN.video is not None
    lesson = await make_lesson(done=len(PLAN.video.chunks), state="ready")
    video_id = str(lesson.video_id)
    root = (await playback(learner, lesson))["hls_url"].removesuffix("master.m3u8")
    assert "00000.1.m4s" in (await client.get(f"{root}720p/index.m3u8")).text
    assert (await client.get(f"{root}720p/00000.1.m4s")).status_code == 404
    async with database.write() as session:
        video = await session.get_one(Video, video_id)
        document = dict(video.published or {})
        first = document["chunks"][0]
        parts = [{**part, "take": 7} for part in first["parts"]]
        document["chunks"] = [{**first, "parts": parts, "take": 7}, *document["chunks"][1:]]
        video.published, video.mended_at = document, video.finished_at
    await folder_store.put_bytes(keys.segment(video_id, "720p", 0, 7), b"mended", "video/mp4")
    monkeypatch.setattr("server.playback.playlists.MENDED_SECONDS", 0.0)
    text = (await client.get(f"{root}720p/index.m3u8")).text
    assert "00000.7.m4s" in text
    assert "00000.1.m4s" not in text
    for name in ("00000.7.m4s", "00000.1.m4s"):
        answer = await client.get(f"{root}720p/{name}")
        assert (answer.status_code, answer.content) == (200, b"mended")
    assert (await client.get(f"{root}480p/00000.1.m4s")).status_code == 404
    assert (await client.get(f"{root}720p/00099.1.m4s")).status_code == 404
    image = await client.get(f"{root}poster.jpg")
    assert image.status_code == 404
    await folder_store.put_bytes(keys.poster(video_id), b"image", "image/jpeg")
    image = await client.get(f"{root}poster.jpg")
    assert "immutable" not in image.headers["cache-control"]


async def test_folder_that_is_away_is_503_and_not_404(
    make_lesson: MakeLesson, learner: Account, client: httpx.AsyncClient, settings: Settings
) -> None:
    """Renamed or unmounted, and then a file in its place; a player takes a 404 as final."""
    lesson = await make_lesson(done=10, state="ready")
    objects = settings.objects_folder
    store = FolderStore(objects)
    assert lesson.video_id is not None
    await store.put_bytes(keys.segment(lesson.video_id, "1080p", 0, 1), b"segment", "video/mp4")
    known = await playback(learner, lesson)
    url = known["hls_url"].replace("master.m3u8", "1080p/00000.1.m4s")
    missing = url.replace("00000", "00001")
    away = objects.rename(objects.with_name("away"))
    for _ in range(2):
        for address in (url, missing, known["thumbnail_url"]):
            answer = await client.get(address)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert answer.headers["cache-control"] == "no-store"
        objects.write_text("not a folder")
    assert (await client.get(known["hls_url"])).status_code == 200  # playlists come from the database
    objects.unlink()
    away.rename(objects)
    assert (await client.get(url)).content == b"segment"
    assert (await client.get(missing)).status_code == 404
