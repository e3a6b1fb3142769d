"""Versions of what a form edits: a save over a later one is merged by field, or asked about."""

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from server.core.errors import EditConflict
from server.core.text.merge import Merged, merge
from storage.database.tables import Course, Institution, Lesson, LessonText, Team

Values = Mapping[str, str | int]
Started = Mapping[str, str]
NOT_STATED: Started = {}


def save(
    row: Course | Institution | Lesson | LessonText | Team,
    values: Values,
    version: int | UnsetType,
    started: Started = NOT_STATED,
) -> None:
    """Set the values on a row that the caller has locked, and raise its version if one of them is new.

    `version` is the one the editing started from; without it the last save wins. `started` has the
    fingerprint of each text at that time. Raises EditConflict.
    """
    saved = {name: str(getattr(row, name)) for name in values}
    typed = {name: str(value) for name, value in values.items()}
    merged = Merged(typed) if version in (UNSET, row.version) else merge(typed, saved, started)
    if merged.conflicts:
        raise EditConflict(merged, version=row.version, saved_at=row.updated_at)
    changed = [name for name, text in merged.texts.items() if text != saved[name]]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.version += 1
