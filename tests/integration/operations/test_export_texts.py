"""Export of text lessons, their pictures, and attachments."""

from pathlib import Path

from storage.database.engine import Database
from storage.objects import keys
from storage.objects.store import ObjectStore
from tests.integration.operations.test_export import exported, rows
from tests.world.builder import World


async def test_texts_pictures_and_attachments(database: Database, store: ObjectStore, tmp_path: Path) -> None:
    """Also of lessons without a video; a file that is gone is named."""
    world = World(database)
    course = await world.course("Light")
    lesson = await world.lesson(course, "Reading", text="# Lenses")
    kept = await world.file(lesson, "Übung: 3/4.pdf", b"%PDF-1.7")
    await store.put_bytes(keys.lesson_file(lesson.id, kept.id), b"%PDF-1.7", kept.content_type)
    gone = await world.file(lesson, "gone.txt")
    out = tmp_path / "out"
    done = await exported(database, store, out)
    assert (done.lessons, done.bytes, done.missing) == (1, kept.size + gone.size, 1)
    assert [row["markdown"] for row in rows(out, "texts.jsonl")] == ["# Lenses"]
    assert [row["name"] for row in rows(out, "files.jsonl")] == ["Übung: 3/4.pdf", "gone.txt"]
    folder = out / rows(out, "lessons.jsonl")[0]["folder"] / "files"
    assert [(file.name, file.read_bytes()) for file in folder.iterdir()] == [
        (f"{kept.id[-8:]} Übung 3 4.pdf", b"%PDF-1.7")
    ]
    assert f"{gone.id[-8:]} gone.txt" in (out / "missing.txt").read_text()
