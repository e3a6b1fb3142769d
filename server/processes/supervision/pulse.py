"""Pulse of a process: a file that its event loop touches. A process that is stopped or stuck still holds its
port and its connections, but touches nothing."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

BEAT_SECONDS = 5.0
FROZEN_SECONDS = 30.0  # without a beat, after which the process is ended and started again


def pulse_file(run_folder: Path, pid: int) -> Path:
    return run_folder / "pulse" / str(pid)


async def beat(run_folder: Path) -> None:
    """Touch this process's file until cancelled. A full disk changes nothing: the file is there."""
    path = pulse_file(run_folder, os.getpid())
    try:
        while True:
            with suppress(OSError):
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.touch()
            await asyncio.sleep(BEAT_SECONDS)
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


class Pulse:
    """Changes of a file's time, whatever the clock says: a clock that is set, or a machine that slept, ends
    nobody."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._changed_at: float | None = None  # monotonic; None before the first beat that was seen

    def is_frozen(self, path: Path, monotonic: float) -> bool:
        """Whether beats that were seen have ended. A file of an earlier process counts for none."""
        try:
            found = path.stat().st_mtime
        except OSError:
            return False
        if self._last is None:
            self._last = found
        elif found != self._last:
            self._last, self._changed_at = found, monotonic
        return self._changed_at is not None and monotonic - self._changed_at > FROZEN_SECONDS
