"""The schema's history. `upgrade` is safe to run twice and from several machines at once."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.database.base import Base
from storage.database.engine import Database

LOCK = 0x534B494C  # any number, the same for everyone: PostgreSQL's advisory lock for migrations


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to the newest version in one transaction; a concurrent call waits for the first."""

    def run(connection: Connection) -> None:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        command.upgrade(_config(connection), revision)

    async with database.altering() as connection:
        await connection.run_sync(run)


async def downgrade(database: Database, revision: str) -> None:
    """Bring the schema back to an earlier version; what only the newer one can hold is lost."""
    async with database.altering() as connection:
        await connection.run_sync(lambda c: command.downgrade(_config(c), revision))


async def is_current(database: Database) -> bool:
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    async with database.read() as session:
        connection = await session.connection()
        at = await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())
    return at == newest


async def differences(database: Database) -> list[object]:
    """What the tables in code have that the migrated schema has not, and the other way round."""
    import storage.database.tables  # noqa: F401  (registers them)

    async with database.read() as session:
        connection = await session.connection()
        return list(
            await connection.run_sync(
                lambda c: compare_metadata(
                    MigrationContext.configure(c, opts={"compare_type": True}), Base.metadata
                )
            )
        )
