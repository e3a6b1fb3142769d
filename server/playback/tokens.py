"""Path tokens: temporary access to one video's files, in a URL that needs no header.

One token covers master, media playlists, segments, images and captions, because every
URI in a playlist is relative. Pure: keys and the time are arguments.
"""

import hashlib
import math
import struct
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from server.core.security import seal, unseal
from transcoder.jobs.timing import PAUSE_ALLOWANCE

_HEAD = struct.Struct(">I6s")  # expiry in seconds since 1970, scope


def expiry(now: datetime, duration_seconds: float) -> datetime:
    """Expiry: duration + 6 h, rounded up to the hour so that a reloaded page gets the same cacheable URLs."""
    moment = (now + timedelta(seconds=duration_seconds) + PAUSE_ALLOWANCE).timestamp()
    return datetime.fromtimestamp(math.ceil(moment / 3600) * 3600, UTC)


@lru_cache(maxsize=4096)  # a page of hundreds of lessons asks for the same one
def scope(viewer_id: str) -> bytes:
    """Six bytes that distinguish the links of viewers without naming them."""
    return hashlib.sha256(viewer_id.encode()).digest()[:6]


def scope_of(token: str) -> bytes:
    """Scope in a token that `verify` has accepted."""
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    viewer_scope: bytes = _HEAD.unpack(raw[: _HEAD.size])[1]
    return viewer_scope


def sign(key: bytes, video_id: str, viewer_scope: bytes, expires_at: datetime) -> str:
    """Signed path token for one video: 35 URL-safe characters."""
    return seal(key, _HEAD.pack(int(expires_at.timestamp()), viewer_scope), video_id.encode())


def verify(keys: Sequence[bytes], token: str, video_id: str, now: datetime) -> datetime | None:
    """Expiry of a valid token; None when it is altered, expired or for another video."""
    head = unseal(keys, token, video_id.encode())
    if head is None or len(head) != _HEAD.size:
        return None
    expires_at = datetime.fromtimestamp(_HEAD.unpack(head)[0], UTC)
    return expires_at if now < expires_at else None
