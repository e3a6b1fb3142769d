"""SQLite library selection, before anything else imports `sqlite3`.

SQLite before 3.51.3 (backports: 3.50.7, 3.44.6) can corrupt a WAL database that has
two or more connections. Distribution builds of Python ship older versions; there, the
fixed library from the `pysqlite3` wheel replaces the standard one.
"""

import sqlite3
import sys

FIXED = (3, 51, 3)
BACKPORTS = {(3, 50): 7, (3, 44): 6}


def is_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite has the fix for the WAL reset bug (https://sqlite.org/wal.html)."""
    patch = BACKPORTS.get(version[:2])
    return version >= FIXED or (patch is not None and version[2] >= patch)


def use_safe_sqlite() -> str:
    """Replace `sqlite3` by `pysqlite3` if it lacks the fix; returns the version in use."""
    if not is_safe(sqlite3.sqlite_version_info):
        try:
            import pysqlite3
        except ImportError:
            return sqlite3.sqlite_version
        sys.modules["sqlite3"] = pysqlite3
        sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
        return str(pysqlite3.sqlite_version)
    return sqlite3.sqlite_version
