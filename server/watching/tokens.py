"""Watch tokens: who may report watching which lesson, in a text that a beacon without headers can carry.

Pure: keys and the time are arguments.
"""

import hmac
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from server.core.security import seal, unseal

_HEAD = struct.Struct(">IIB16s16s")  # issued and expiry in seconds since 1970, staff, person, lesson
LIFETIME = timedelta(days=7)  # beats that were made without a connection are sent when there is one


class WatchToken(msgspec.Struct, frozen=True):
    user_id: str
    lesson_id: str
    staff: bool  # teaches the course: watching is kept apart and earns nothing
    issued_at: datetime
    expires_at: datetime


def issue(user_id: str, lesson_id: str, *, staff: bool, now: datetime) -> WatchToken:
    return WatchToken(user_id, lesson_id, staff, now.replace(microsecond=0), now + LIFETIME)


def sign(key: bytes, token: WatchToken) -> str:
    """Signed text of 76 URL-safe characters."""
    head = _HEAD.pack(
        int(token.issued_at.timestamp()),
        int(token.expires_at.timestamp()),
        token.staff,
        bytes.fromhex(token.user_id),
        bytes.fromhex(token.lesson_id),
    )
    return seal(_own(key), head)


def verify(keys: Sequence[bytes], text: str, now: datetime) -> WatchToken | None:
    """None when it is altered, expired, or no token at all."""
    head = unseal([_own(key) for key in keys], text)
    if head is None or len(head) != _HEAD.size:
        return None
    issued, expires, staff, user, lesson = _HEAD.unpack(head)
    token = WatchToken(
        user.hex(), lesson.hex(), bool(staff), *(datetime.fromtimestamp(t, UTC) for t in (issued, expires))
    )
    return token if now < token.expires_at else None


def _own(key: bytes) -> bytes:
    """Key for watch tokens alone, so that no media token, of the same keys, is one."""
    return hmac.digest(key, b"watch", "sha256")
