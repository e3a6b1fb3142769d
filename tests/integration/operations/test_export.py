"""Export: every table and every lecture in plain files, whole or not at all, wherever they are stored."""

import asyncio
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from server.core.errors import Conflict, NoRoom
from server.operations.export import media, service, tables, targets
from server.operations.export.rules import folder_name
from server.operations.export.service import Exported
from server.playback.published import published
from server.settings import Settings
from storage.database import migrations
from storage.database.base import Base
from storage.database.engine import Database
from storage.database.tables import Lesson, Video
from storage.objects import keys
from storage.objects.store import ObjectStore, StoreUnavailable
from tests.architecture.source import ROOT
from tests.fixtures.database import on_both_databases, open_sqlite, with_handlers
from tests.integration.operations.left_out import LEFT_OUT
from tests.world.builder import World
from tests.world.clock import START
from transcoder.packaging.playlist import AUDIO


@pytest.fixture
async def lectures(database: Database, store: ObjectStore) -> list[Video]:
    """Ready ones, with every object in the store; and one that failed."""
    return await make_lectures(database, store)


async def make_lectures(database: Database, store: ObjectStore) -> list[Video]:
    world = World(database)
    teacher = await world.person("Max Born", role="instructor", password="correct horse battery")
    learner = await world.person("Ada Lovelace", email="ada@example.edu")
    course = await world.course("Light: rays/waves", instructors=[teacher], learners=[learner])
    videos = [
        await world.video(await world.lesson(course, title), height=180, seconds=18, filename="rays.mov")
        for title in ("Rays", "..")
    ]
    for video in videos:
        await put_objects(database, store, video)
    failed = await world.video(await world.lesson(course, "Ghosts"), state="failed")
    await store.put_bytes(failed.source_key, b"broken", "video/mp4")
    return [*videos, failed]


async def put_objects(database: Database, store: ObjectStore, video: Video) -> None:
    async with database.read() as session:
        known = await published(session, video.id)
    assert known is not None
    await store.put_bytes(video.source_key, b"original of " + video.id.encode(), "video/quicktime")
    for key in media._segments(video.id, known):
        await store.put_bytes(key, key.encode(), "video/mp4")
    await store.put_bytes(keys.poster(video.id), b"poster", "image/jpeg")
    await store.put_bytes(keys.segment(video.id, AUDIO, 0, 99), b"of a late worker", "video/mp4")
    await store.put_bytes(keys.tile(video.id, 0, 1), b"tile", "image/jpeg")


async def exported(
    database: Database, store: ObjectStore, path: Path, *, with_media: bool = True
) -> Exported:
    return await service.export(
        database, store, path, with_media=with_media, now=START, report=lambda _done, _total: None
    )


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@on_both_databases
async def test_rows_are_plain_and_without_secrets(
    database: Database, folder_store: ObjectStore, tmp_path: Path
) -> None:
    await make_lectures(database, folder_store)
    done = await exported(database, folder_store, tmp_path / "out", with_media=False)
    people = rows(tmp_path / "out", "people.jsonl")
    assert {person["name"]: person["role"] for person in people} == {
        "Max Born": "instructor",
        "Ada Lovelace": "learner",
    }
    assert people[0]["created_at"].endswith("Z")
    text = "".join(content.decode() for content in tree(tmp_path / "out").values())
    assert "argon2" not in text
    assert [row["title"] for row in rows(tmp_path / "out", "courses.jsonl")] == ["Light: rays/waves"]
    assert len(rows(tmp_path / "out", "enrolments.jsonl")) == 1
    assert [row["kind"] for row in rows(tmp_path / "out", "facts.jsonl")] == ["enrolled"]
    assert [row["title"] for row in rows(tmp_path / "out", "lessons.jsonl")] == ["Rays", "..", "Ghosts"]
    assert not (tmp_path / "out" / "media").exists()
    assert done.rows == sum(len(rows(tmp_path / "out", table.file)) for table in tables.TABLES)


async def test_every_column_is_described(
    database: Database, folder_store: ObjectStore, tmp_path: Path
) -> None:
    await make_lectures(database, folder_store)
    await exported(database, folder_store, tmp_path / "out")
    readme = (tmp_path / "out" / "README.md").read_text()
    for table in tables.TABLES:
        section = readme.split(f"## {table.file}\n")[1].split("\n## ")[0]
        assert re.findall(r"^\| `(\w+)` \| .+ \|$", section, re.MULTILINE) == list(table.columns)
        for row in rows(tmp_path / "out", table.file):
            assert list(row) == list(table.columns)


def test_no_table_is_forgotten() -> None:
    """A new table is exported, or named above with the reason why not."""
    known = {model.__tablename__ for model in tables.EXPORTED} | {Lesson.__tablename__} | LEFT_OUT.keys()
    assert set(Base.metadata.tables) <= known


async def test_lectures_are_whole_and_playable(
    database: Database, store: ObjectStore, lectures: list[Video], tmp_path: Path
) -> None:
    """Every address in every playlist leads to a file."""
    out = tmp_path / "out"
    done = await exported(database, store, out)
    assert (done.lessons, done.missing) == (3, 0)
    ready = [row for row in rows(out, "lessons.jsonl") if row["title"] != "Ghosts"]
    for row, video in zip(ready, lectures, strict=False):
        folder = out / row["folder"]
        assert (folder / "original.mov").read_bytes() == b"original of " + video.id.encode()
        playlists = list((folder / "hls").rglob("*.m3u8"))
        assert len(playlists) == 4  # master, a rung with its I-frames, audio
        for playlist in playlists:
            lines = playlist.read_text().splitlines()
            named = [line for line in lines if line and not line.startswith("#")]
            named += re.findall(r'URI="([^"]+)"', "\n".join(lines))
            assert named
            assert all((playlist.parent / name).is_file() for name in named)
        assert not list(folder.rglob("*.99.m4s"))
        assert not (folder / "hls" / "tiles").exists()
        assert (folder / "hls" / "poster.jpg").read_bytes() == b"poster"
    ghosts = next(row for row in rows(out, "lessons.jsonl") if row["title"] == "Ghosts")
    assert [file.name for file in (out / ghosts["folder"]).iterdir()] == ["original.mp4"]


async def test_tar_holds_the_same(database: Database, folder_store: ObjectStore, tmp_path: Path) -> None:
    await make_lectures(database, folder_store)
    await exported(database, folder_store, tmp_path / "out")
    await exported(database, folder_store, tmp_path / "school.tar")
    assert (tmp_path / "school.tar").stat().st_size % tarfile.RECORDSIZE == 0
    with tarfile.open(tmp_path / "school.tar") as tar:
        tar.extractall(tmp_path / "unpacked", filter="data")
    assert tree(tmp_path / "unpacked" / "school") == tree(tmp_path / "out")


async def test_interrupted_folder_goes_on_and_appears_when_complete(
    database: Database, folder_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = await make_lectures(database, folder_store)
    out, streamed = tmp_path / "out", list[str]()
    stream = folder_store.stream

    def failing(key: str, *_rest: object) -> Any:
        streamed.append(key)
        if len(streamed) == 5:
            raise StoreUnavailable("away")
        return stream(key)

    monkeypatch.setattr(folder_store, "stream", failing)
    with pytest.raises(StoreUnavailable):
        await exported(database, folder_store, out)
    assert not out.exists()
    async with database.write() as session:
        await session.execute(delete(Lesson).where(Lesson.id == videos[2].lesson_id))
    await exported(database, folder_store, out)
    assert len(streamed) == len(set(streamed)) + 1  # only the fifth was asked for twice
    assert not list(out.rglob(".*"))
    assert not targets.partial(out).exists()
    await exported(database, folder_store, tmp_path / "again")
    assert tree(out) == tree(tmp_path / "again")


async def test_interrupted_tar_leaves_nothing(
    database: Database, folder_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_lectures(database, folder_store)

    def away(_key: str) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(folder_store, "stream", away)
    (tmp_path / "exports").mkdir()
    with pytest.raises(StoreUnavailable):
        await exported(database, folder_store, tmp_path / "exports" / "school.tar")
    assert list((tmp_path / "exports").iterdir()) == []


async def test_lecture_deleted_meanwhile_is_named(
    database: Database, folder_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = await make_lectures(database, folder_store)
    size_of = media.size_of

    async def delete_first(*arguments: Any) -> int:
        async with database.write() as session:
            await session.execute(delete(Lesson).where(Lesson.id == videos[0].lesson_id))
        return await size_of(*arguments)

    monkeypatch.setattr(media, "size_of", delete_first)
    done = await exported(database, folder_store, tmp_path / "out")
    assert done.missing == 1
    assert (tmp_path / "out" / "missing.txt").read_text().endswith("/hls\n")
    assert "Rays" in (tmp_path / "out" / "missing.txt").read_text()


async def test_target_that_is_there_is_refused(
    database: Database, folder_store: ObjectStore, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.odt").write_text("mine")
    (tmp_path / "file.tar").write_text("mine")
    for name in ("full", "file.tar"):
        with pytest.raises(Conflict):
            await exported(database, folder_store, tmp_path / name)
    assert (tmp_path / "file.tar").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    await exported(database, folder_store, tmp_path / "empty")
    assert (tmp_path / "empty" / "README.md").is_file()


async def test_space_is_checked_before_media_are_copied(
    database: Database, folder_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_lectures(database, folder_store)
    monkeypatch.setattr(service, "RESERVE", 2**62)
    with pytest.raises(NoRoom, match=r"The export takes .+ free\."):
        await exported(database, folder_store, tmp_path / "out")
    await exported(database, folder_store, tmp_path / "out", with_media=False)


def test_folder_names() -> None:
    assert folder_name("Light: rays/waves", "0" * 24 + "abcdef12") == "Light rays waves abcdef12"
    assert folder_name("..", "0" * 24 + "abcdef12", 0) == "001 abcdef12"
    assert len(folder_name("ü" * 400, "0" * 24 + "abcdef12").encode()) < 140


def test_command_makes_no_installation(tmp_path: Path) -> None:
    out, data = str(tmp_path / "out"), str(tmp_path / "data")
    command = [sys.executable, "-m", "server", "export", out, "--data", data]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "There is no SkillStudio in the folder" in done.stderr
    assert list(tmp_path.iterdir()) == []


async def test_command(folder_store: ObjectStore, settings: Settings, tmp_path: Path) -> None:
    settings.data.mkdir(exist_ok=True)
    database = with_handlers(open_sqlite(settings.data / "skillstudio.db"))
    await migrations.upgrade(database)
    await make_lectures(database, folder_store)
    await database.close()
    command = (sys.executable, "-m", "server", "export", "out.tar", "--data", str(settings.data))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    assert b"media of 3 lessons" in said
    assert tarfile.is_tarfile(tmp_path / "out.tar")
