"""What one process takes on at once."""

from contextlib import AsyncExitStack
from pathlib import Path

from storage.database.engine import Database
from storage.objects.folder import FolderStore
from tests.fixtures.revisions import NOW, laid_out, submitted
from tests.fixtures.web import RecordedQueue
from transcoder.pipeline import Places
from transcoder.scratch import Scratch
from transcoder.tools import Tools
from transcoder.workshop import Workshop


async def test_a_new_upload_finds_room_beside_long_sound(
    database: Database, folder_store: FolderStore, tmp_path: Path
) -> None:
    shop = Workshop(
        database=database,
        store=folder_store,
        queue=RecordedQueue(),
        tools=Tools(Path("ffmpeg"), Path("ffprobe")),
        scratch=Scratch(tmp_path / "scratch", 1),
        worker="a/1",
        threads=1,
        now=lambda: NOW,
    )
    for _ in range(4):
        await laid_out(database)
    places, taken = Places(), []
    async with AsyncExitStack() as held:
        while claim := await held.enter_async_context(places.claim(shop, "quick")):
            taken.append(claim.kind)
        assert sorted(taken) == ["audio", "audio", "chunk"]
        await submitted(database)
        new = await held.enter_async_context(places.claim(shop, "quick"))
        assert new
        assert new.kind == "prepare"
    async with places.claim(shop, "quick") as next_one:
        assert next_one
    shop.scratch.close()
