"""What the player is told."""

from datetime import datetime
from typing import Literal

import msgspec

State = Literal["none", "waiting", "growing", "ready", "failed"]


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: none (no video), waiting (nothing to play yet), growing, ready, failed."""

    state: State
    video_id: str | None = None
    hls_url: str | None = None
    poster_url: str | None = None
    storyboard_url: str | None = None
    expires_at: datetime | None = None  # when the addresses stop working
    duration_seconds: float | None = None
    playable_seconds: float = 0.0
    progress: int = 0  # 0-100
    audio_only: bool = False
