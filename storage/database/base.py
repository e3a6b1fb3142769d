"""Declarative base of all tables: column types, constraint names, ids."""

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import JSON, CheckConstraint, DateTime, MetaData, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from storage import states
from storage.messages import Message


class UtcDateTime(TypeDecorator[datetime]):
    """Timezone-aware datetime, stored in UTC. SQLite drops the zone and would return a naive value."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a stored datetime needs a time zone")
        return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, _column: object) -> Callable[[Any], Any] | None:
        """PostgreSQL's driver gives moments in UTC. SQLite's text is parsed in one go, several times faster
        than by a function before and after SQLAlchemy's own."""
        return _from_text if dialect.name == "sqlite" else None


def _from_text(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value + "+00:00")  # `replace` would take five times as long
    except ValueError:  # it names its zone
        return datetime.fromisoformat(value)


class Text(TypeDecorator[str]):
    """String column that accepts any text: on both databases, invalid input is looked up and not found.

    PostgreSQL cannot store U+0000, and neither can store a lone surrogate: U+FFFD replaces them.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        if not value or (value.isascii() and "\x00" not in value):
            return value
        return value.encode(errors="replace").decode().replace("\x00", "\ufffd")


class StateText(TypeDecorator[Any]):
    """A StrEnum stored as text. The table's check constraint lists the same values: `state_check`."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind
        self._states: dict[str | None, StrEnum | None] = {None: None, **{str(state): state for state in kind}}

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else str(value)  # a search for an unknown state finds nothing

    def result_processor(self, _dialect: Dialect, _column: object) -> Callable[[Any], Any]:
        """Without a function of Python between the column's text and the state: there are many of them."""
        return self._states.__getitem__


def state_check(column: str, kind: type[StrEnum]) -> CheckConstraint:
    """Check constraint that a state column holds one of its StrEnum's values."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(state)) for state in kind)})", name=column)


class MessageJson(TypeDecorator[Message]):
    """A `storage.messages.Message` as JSON."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Message | None, _dialect: Dialect) -> Any:
        if value is None:
            return None
        if not isinstance(value, Message):
            raise TypeError(f"a Message is needed, not {value!r}")
        return msgspec.to_builtins(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> Message | None:
        return None if value is None else msgspec.convert(value, Message)


class Base(DeclarativeBase):
    # Constraints have names, so that a migration can drop them on both databases.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON(none_as_null=True),  # None is NULL, as for every other column
        list[Any]: JSON(none_as_null=True),
        str: Text,
        Message: MessageJson,
        **{kind: StateText(kind) for kind in states.ALL},
    }


_last_id = 0
_id_lock = threading.Lock()


def new_id() -> str:
    """UUIDv7 as 32 hex digits (RFC 9562 5.7): ordered by time, and within a process by creation (6.2)."""
    global _last_id  # noqa: PLW0603 - the counter that makes ids of one millisecond ordered
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    with _id_lock:
        # By a random step, so that one id does not tell the next.
        _last_id = value = max(value, _last_id + 1 + int.from_bytes(os.urandom(4)))
    return f"{value:032x}"
