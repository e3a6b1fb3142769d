"""Finished two-hour lecture as rows and files, without encoding, for the serving benchmark."""

import os
from datetime import datetime
from pathlib import Path

from server.core.signing_keys import live_keys
from server.playback.service import media_root
from server.playback.signing import PURPOSE
from storage.database import migrations
from storage.database.engine import Database
from storage.objects import keys
from storage.objects.folder import FolderStore
from tests.world.builder import World

SECONDS = 7200.0
SEGMENT_BYTES = {"1080p": 2_000_000, "720p": 1_000_000, "480p": 500_000, "small": 100_000}


async def make_lecture(data: Path, now: datetime) -> str:
    """Returns the media path `/m/{token}/{video}/`; stores one segment of each size in SEGMENT_BYTES."""
    data.mkdir(parents=True)
    database = Database(f"sqlite+aiosqlite:///{data / 'skillstudio.db'}")
    await migrations.upgrade(database)
    world = World(database, lambda: now)
    video_id = (await world.video(await world.lesson(), seconds=SECONDS)).id
    store = FolderStore(data / "objects")
    for name, size in SEGMENT_BYTES.items():
        await store.put_bytes(keys.segment(video_id, name, 0, 1), os.urandom(size), "video/mp4")
    address = media_root((await live_keys(database, PURPOSE, now))[0], video_id, "viewer", now, SECONDS)
    await database.close()
    return address
