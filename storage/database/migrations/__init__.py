"""The schema's history. `upgrade` is safe to run twice and from several machines at once."""

from enum import StrEnum
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


class Schema(StrEnum):
    """A database's schema beside the newest that this code knows."""

    OLDER = "older"  # or none yet
    CURRENT = "current"
    NEWER = "newer"


class SchemaTooNew(Exception):
    """A newer SkillStudio has upgraded the database. `str()` is a sentence."""


async def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to the newest version in one transaction; a concurrent call waits for the first.

    Raises SchemaTooNew.
    """

    def run(connection: Connection) -> None:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        if _schema(connection) is Schema.NEWER:
            raise SchemaTooNew(
                "A newer version of SkillStudio has upgraded this database. Install that one, or a later one."
            )
        command.upgrade(_config(connection), revision)

    async with database.altering() as connection:
        await connection.run_sync(run)


async def downgrade(database: Database, revision: str) -> None:
    """Bring the schema back to an earlier version; what only the newer one can hold is lost."""
    async with database.altering() as connection:
        await connection.run_sync(lambda c: command.downgrade(_config(c), revision))


async def schema(database: Database) -> Schema:
    async with database.read() as session:
        connection = await session.connection()
        return await connection.run_sync(_schema)


def _schema(connection: Connection) -> Schema:
    known = ScriptDirectory.from_config(_config())
    at = MigrationContext.configure(connection).get_current_revision()
    if at == known.get_current_head():
        return Schema.CURRENT
    revisions = {script.revision for script in known.walk_revisions()}
    return Schema.OLDER if at is None or at in revisions else Schema.NEWER


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
