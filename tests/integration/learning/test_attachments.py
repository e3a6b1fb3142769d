"""Attachments and pictures: uploaded, judged, downloaded, ordered, deleted, on both stores."""

import asyncio
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from server.learning.files.context import FileContext, Limits
from server.uploads.spool import Spool
from storage import deletions
from storage.database.engine import Database
from storage.database.tables import Course, Lesson, LessonFile, ObjectDeletion
from storage.objects import keys
from storage.objects.store import ObjectStore
from storage.states import FileKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.integration.pages.markup import faults
from tests.world.builder import World

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
NAME = "Übung “3” – 100 %.pdf"


@pytest.fixture
async def course(world: World, instructor: Account, learner: Account) -> Course:
    return await world.course("Optics", instructors=[instructor], learners=[learner])


@pytest.fixture
async def lesson(world: World, course: Course) -> Lesson:
    return await world.lesson(course, "Reading", text="Read this.")


def attachments(lesson: Lesson) -> str:
    return f"/api/lessons/{lesson.id}/attachments"


def pictures(lesson: Lesson) -> str:
    return f"/api/lessons/{lesson.id}/pictures"


async def send(account: Account, path: str, name: str, data: bytes) -> httpx.Response:
    return await account.api.post(path, files={"file": (name, data, "text/html")})


async def objects(store: ObjectStore) -> set[str]:
    return {item.key async for item in store.list(keys.FILES)}


def spooled(app: Litestar) -> list[Path]:
    context: FileContext = app.state["file_context"]
    return [path for _, path in context.spool.files()]


def limit(app: Litestar, *, size: int = 10_000_000, number: int = 50) -> None:
    context: FileContext = app.state["file_context"]
    context.limits.update({kind: Limits(size, number) for kind in FileKind})


@on_both_databases
async def test_upload_and_download(
    app: Litestar, lesson: Lesson, instructor: Account, learner: Account, database: Database
) -> None:
    made = await send(instructor, attachments(lesson), NAME, PDF)
    assert made.status_code == 201
    known = made.json()
    assert (known["name"], known["size"], known["content_type"]) == (NAME, len(PDF), "application/pdf")
    assert (await learner.api.get(attachments(lesson))).json() == [known]
    got = await learner.browser.get(known["url"])
    assert (got.status_code, got.content) == (200, PDF)
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"].startswith('attachment; filename="_bung _3_ _ 100 _.pdf"')
    assert "filename*=UTF-8''%C3%9Cbung%20%E2%80%9C3" in got.headers["content-disposition"]
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["content-length"] == str(len(PDF))
    async with database.read() as session:
        assert (await session.scalars(select(ObjectDeletion))).all() == []
    assert spooled(app) == []
    page = await learner.browser.get(f"/dashboard/courses/{lesson.course_id}/lessons/{lesson.id}")
    assert faults(page.text) == []
    assert "Übung “3” – 100 %.pdf" in page.text
    assert "10.2 kB" in page.text


@pytest.mark.parametrize(
    ("asked", "status", "expected", "told"),
    [
        ("bytes=0-9", 206, PDF[:10], f"bytes 0-9/{len(PDF)}"),
        ("bytes=10000-", 206, PDF[10000:], f"bytes 10000-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=-5", 206, PDF[-5:], f"bytes {len(PDF) - 5}-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=999999-", 416, b"", f"bytes */{len(PDF)}"),
        ("bytes=0-1,3-4", 200, PDF, None),
    ],
)
async def test_ranges(
    lesson: Lesson, instructor: Account, asked: str, status: int, expected: bytes, told: str | None
) -> None:
    url = (await send(instructor, attachments(lesson), NAME, PDF)).json()["url"]
    got = await instructor.api.get(url, headers={"Range": asked})
    assert (got.status_code, got.content, got.headers.get("content-range")) == (status, expected, told)
    changed = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert (await instructor.api.get(url, headers=changed)).status_code == 200


async def test_text_files_are_sent_as_they_are(lesson: Lesson, instructor: Account) -> None:
    data = b"a;b\n" * 1000
    url = (await send(instructor, attachments(lesson), "data.csv", data)).json()["url"]
    got = await instructor.api.get(url, headers={"Accept-Encoding": "gzip"})
    assert (got.content, "content-encoding" in got.headers) == (data, False)
    unchanged = await instructor.api.get(url, headers={"If-None-Match": got.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


@on_both_databases
async def test_access_is_that_of_the_lesson(
    world: World, course: Course, instructor: Account, learner: Account, client: httpx.AsyncClient
) -> None:
    draft = await world.lesson(course, "Draft", status="draft", text="x")
    url = (await send(instructor, attachments(draft), NAME, PDF)).json()["url"]
    assert (await instructor.api.get(url)).status_code == 200
    assert (await learner.api.get(url)).status_code == 404
    assert (await client.get(url)).status_code == 401
    await instructor.api.patch(f"/api/lessons/{draft.id}", json={"status": "published"})
    assert (await learner.api.get(url)).status_code == 200
    await instructor.api.delete(f"/api/courses/{course.id}/enrolments/{learner.id}")
    assert (await learner.api.get(url)).status_code == 404


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("setup.exe", b"MZ\x90\x00\x03\x00", 400),
        ("notes.txt", b"\x7fELF\x02\x01\x01\x00", 400),
        ("page.html", b"<!doctype html><script>1</script>", 400),
        ("notes.txt", b"<html><script>1</script>", 400),
        ("drawing.svg", b"<svg onload='x'/>", 400),
        ("empty.pdf", b"", 400),
        ("big.pdf", b"%PDF-" + bytes(200_000), 413),
        ("a little big.pdf", b"%PDF-" + bytes(101_000), 413),
    ],
)
async def test_refused_files_leave_nothing(
    app: Litestar,
    lesson: Lesson,
    instructor: Account,
    store: ObjectStore,
    name: str,
    data: bytes,
    status: int,
) -> None:
    limit(app, size=100_000)
    refused = await send(instructor, attachments(lesson), name, data)
    assert refused.status_code == status
    assert refused.json()["detail"].endswith(".")
    assert (await instructor.api.get(attachments(lesson))).json() == []
    assert await objects(app.state["store"]) == set()
    assert spooled(app) == []


async def test_only_pictures_are_pictures(lesson: Lesson, instructor: Account, learner: Account) -> None:
    for name, data in (("a.pdf", PDF), ("a.svg", b"<svg/>"), ("a.png", PDF)):
        assert (await send(instructor, pictures(lesson), name, data)).status_code == 400
    known = (await send(instructor, pictures(lesson), "Linse 1.png", PNG)).json()
    got = await learner.browser.get(known["url"])
    assert (got.content, got.headers["content-type"]) == (PNG, "image/png")
    assert got.headers["content-disposition"].startswith("inline;")
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    markdown = f"![A lens]({known['url']})"
    saved = await instructor.api.put(f"/api/lessons/{lesson.id}/text", json={"markdown": markdown})
    assert f'<img src="{known["url"]}" alt="A lens"' in saved.json()["html"]
    kept = await instructor.api.delete(f"{pictures(lesson)}/{known['id']}")
    assert (kept.status_code, "Take it out of the text" in kept.json()["detail"]) == (409, True)
    await instructor.api.put(f"/api/lessons/{lesson.id}/text", json={"markdown": "None."})
    assert (await instructor.api.delete(f"{pictures(lesson)}/{known['id']}")).status_code == 204


async def test_same_file_again_is_not_added_twice(app: Litestar, lesson: Lesson, instructor: Account) -> None:
    """A client that lost the answer sends the file again."""
    first = (await send(instructor, attachments(lesson), NAME, PDF)).json()
    assert (await send(instructor, attachments(lesson), NAME, PDF)).json() == first
    assert len((await instructor.api.get(attachments(lesson))).json()) == 1
    assert await objects(app.state["store"]) == {keys.lesson_file(lesson.id, first["id"])}


@on_both_databases
async def test_number_of_attachments_holds_at_once(
    app: Litestar, lesson: Lesson, instructor: Account
) -> None:
    limit(app, number=3)
    sent = [send(instructor, attachments(lesson), f"{n}.pdf", PDF + bytes([n])) for n in range(6)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*sent))
    assert statuses == [201, 201, 201, 409, 409, 409]
    known = (await instructor.api.get(attachments(lesson))).json()
    assert {keys.lesson_file(lesson.id, one["id"]) for one in known} == await objects(app.state["store"])


async def test_order_and_deletion_on_the_page(
    app: Litestar, lesson: Lesson, instructor: Account, database: Database, held_clock: HeldClock
) -> None:
    here = f"/teach/courses/{lesson.course_id}/lessons/{lesson.id}"
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        made = await instructor.browser.post(
            f"{here}/attachments", files={"file": (name, PDF + name.encode())}
        )
        assert made.headers["location"] == f"{here}#attachments"
    assert faults((await instructor.browser.get(here)).text) == []
    first, _, last = (await instructor.api.get(attachments(lesson))).json()
    await instructor.browser.post(f"{here}/files/{last['id']}/move", data={"to": "up"})
    await instructor.browser.post(f"{here}/files/{first['id']}/delete")
    names = [one["name"] for one in (await instructor.api.get(attachments(lesson))).json()]
    assert names == ["c.pdf", "b.pdf"]
    assert len(await objects(app.state["store"])) == 3
    await deletions.purge_due(database, app.state["store"], held_clock.now() + deletions.GRACE)
    assert keys.lesson_file(lesson.id, first["id"]) not in await objects(app.state["store"])
    assert len(await objects(app.state["store"])) == 2


async def test_form_without_a_file_says_so(lesson: Lesson, instructor: Account) -> None:
    here = f"/teach/courses/{lesson.course_id}/lessons/{lesson.id}"
    told = await instructor.browser.post(f"{here}/attachments", files={"file": ("", b"")})
    assert "Choose a file." in (await instructor.browser.get(told.headers["location"])).text


@pytest.mark.parametrize("what", ["lesson", "course"])
async def test_deleting_the_lesson_deletes_its_files(
    app: Litestar, lesson: Lesson, instructor: Account, database: Database, held_clock: HeldClock, what: str
) -> None:
    await send(instructor, attachments(lesson), NAME, PDF)
    await send(instructor, pictures(lesson), "a.png", PNG)
    address = f"/api/lessons/{lesson.id}" if what == "lesson" else f"/api/courses/{lesson.course_id}"
    assert (await instructor.api.delete(address)).status_code == 204
    await deletions.purge_due(database, app.state["store"], held_clock.now() + deletions.GRACE)
    assert await objects(app.state["store"]) == set()
    async with database.read() as session:
        assert (await session.scalars(select(LessonFile))).all() == []


async def test_either_store_keeps_and_sends_it(
    app: Litestar, store: ObjectStore, lesson: Lesson, instructor: Account, database: Database, tmp_path: Path
) -> None:
    """Parametrised over the folder and S3."""
    limits: dict[FileKind, Limits] = app.state["file_context"].limits
    app.state["file_context"] = FileContext(database, store, Spool(tmp_path / "spool"), limits)
    known = (await send(instructor, attachments(lesson), NAME, PDF)).json()
    assert await store.get_bytes(keys.lesson_file(lesson.id, known["id"])) == PDF
    got = await instructor.api.get(known["url"], headers={"Range": "bytes=5-14"})
    assert (got.status_code, got.content) == (206, PDF[5:15])
    assert list((tmp_path / "spool").iterdir()) == []
