"""Time at which a test begins, unless it says otherwise."""

from datetime import UTC, datetime

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
