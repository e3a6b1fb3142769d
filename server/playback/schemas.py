"""Playback data for the player."""

from datetime import datetime
from typing import Literal

import msgspec

State = Literal["none", "waiting", "growing", "ready", "failed"]


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """Playback of a lesson. `state`: none (no video), waiting (nothing playable), growing, ready, failed."""

    state: State
    video_id: str | None = None
    hls_url: str | None = None
    poster_url: str | None = None
    thumbnail_url: str | None = None  # a small poster
    storyboard_url: str | None = None
    expires_at: datetime | None = None  # of the URLs
    duration_seconds: float | None = None
    playable_seconds: float = 0.0
    progress: int = 0  # 0-100
    audio_only: bool = False
    portrait: bool = False  # higher than wide
