"""Alembic's entry point; `upgrade` in the package hands it the connection."""

from alembic import context

import storage.database.tables  # noqa: F401  (registers them)
from storage.database.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    user_module_prefix="",
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    transactional_ddl=False,  # the caller's transaction holds it all
)
context.run_migrations()
