"""Watch tokens: who may report watching which lesson, in a text that a beacon without headers can carry.

Pure: keys and the time are arguments.
"""

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

_HEAD = struct.Struct(">IIB16s16s")  # issued and expiry in seconds since 1970, staff, person, lesson
_MAC_BYTES = 16  # HMAC-SHA256 cut to 128 bits (RFC 2104 section 5)
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
    return urlsafe_b64encode(head + _mac(key, head)).decode().rstrip("=")


def verify(keys: Sequence[bytes], text: str, now: datetime) -> WatchToken | None:
    """None when it is altered, expired, or no token at all."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    head, mac = raw[: _HEAD.size], raw[_HEAD.size :]
    if len(mac) != _MAC_BYTES or urlsafe_b64encode(raw).decode().rstrip("=") != text:
        return None
    valid = [hmac.compare_digest(mac, _mac(key, head)) for key in keys]
    issued, expires, staff, user, lesson = _HEAD.unpack(head)
    token = WatchToken(
        user.hex(), lesson.hex(), bool(staff), *(datetime.fromtimestamp(t, UTC) for t in (issued, expires))
    )
    return token if any(valid) and now < token.expires_at else None


def _mac(key: bytes, head: bytes) -> bytes:
    return hmac.digest(hashlib.sha256(b"watch" + key).digest(), head, "sha256")[:_MAC_BYTES]
