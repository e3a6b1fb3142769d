"""Database layer: engine, tables by subject, migrations."""

from storage.database.sqlite import use_safe_sqlite

SQLITE_VERSION = use_safe_sqlite()  # before SQLAlchemy or aiosqlite import sqlite3
