"""Preparation before everything else starts: a short process, so that the supervisor stays small."""

import asyncio
import json
from time import monotonic

from server.accounts.signing_in.setup import ensure_setup_link
from server.core.commands import sentence
from server.processes.away import ASK_SECONDS, REMIND_SECONDS
from server.processes.supervision import restarts
from server.services import require_objects
from server.settings import PREPARED_FILE, Settings, load
from storage.database import SQLITE_VERSION, migrations
from storage.database.engine import Database, DatabaseUnreachable
from transcoder.ffmpeg.process import walls
from transcoder.ffmpeg.tools import find_tools
from transcoder.ffmpeg.wall import gaps


async def prepare(settings: Settings) -> dict[str, str | None]:
    """Migrate the database, create a set-up link while there is no administrator, find FFmpeg. Safe to
    run twice."""
    tools = await asyncio.to_thread(find_tools, settings.ffmpeg, settings.ffprobe)
    wall = await asyncio.to_thread(walls.current)
    database = Database(settings.database)
    try:
        await _upgrade(database)
        await require_objects(settings)
        return {
            "setup_path": await ensure_setup_link(database),
            "ffmpeg": str(tools.ffmpeg),
            "sandbox": f"{wall}; with gaps, see `skillstudio doctor`" if gaps(wall) else str(wall),
            "database": f"SQLite {SQLITE_VERSION}" if database.is_sqlite else "PostgreSQL",
        }
    finally:
        await database.close()


async def _upgrade(database: Database) -> None:
    """Migrate, when the database has come: after a power cut a machine may start before it."""
    told_at = 0.0
    while True:
        try:
            return await migrations.upgrade(database)
        except DatabaseUnreachable as away:
            if not away.temporary:
                raise
            if not told_at or monotonic() > told_at + REMIND_SECONDS:
                print(f"Waiting for the database. {sentence(away)}")
                told_at = monotonic()
        await asyncio.sleep(ASK_SECONDS)


def main() -> int:
    """Entry point for the supervisor, which reads the result from a private file: the link is a secret."""
    settings, _ = load()
    try:
        result = asyncio.run(prepare(settings))
    except Exception as failure:
        message = sentence(failure)
        if message is None:
            raise
        print(message)
        return restarts.CONFIGURATION
    path = settings.run_folder / PREPARED_FILE
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(result))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
