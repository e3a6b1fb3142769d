"""Verification keys of path tokens, read from the database once a minute at most."""

from collections.abc import Callable

from server.core.clock import Clock
from server.core.signing_keys import live_keys
from storage.database.engine import Database

PURPOSE = "media-token"
KEPT_SECONDS = 60.0
REFRESH_SECONDS = 1.0


class SigningKeys:
    def __init__(self, database: Database, clock: Clock, monotonic: Callable[[], float]) -> None:
        self.database = database
        self.clock = clock
        self.monotonic = monotonic
        self._keys: tuple[bytes, ...] = ()
        self._read_at = float("-inf")

    async def __call__(self, *, refresh: bool = False) -> tuple[bytes, ...]:
        """Live keys. `refresh`: a token did not verify, so read newer keys, once a second at most."""
        if self.monotonic() - self._read_at >= (REFRESH_SECONDS if refresh else KEPT_SECONDS):
            self._keys = await live_keys(self.database, PURPOSE, self.clock.now())
            self._read_at = self.monotonic()
        return self._keys
