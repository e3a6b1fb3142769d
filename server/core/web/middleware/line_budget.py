"""Budget of log lines by client: one that sends thousands of requests does not push those of all others
out of the rotated files."""

from collections import OrderedDict
from collections.abc import Callable

import msgspec

BURST = 300  # lines at once
PER_SECOND = 10.0
CLIENTS = 4096  # remembered; the one that was seen longest ago is forgotten, with its debt


class _Account(msgspec.Struct):
    lines: float  # that it may still have
    at: float
    withheld: int = 0


class LineBudget:
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def take(self, client: str) -> int | None:
        """None: write no line for this client now. Otherwise how many were withheld since its last one."""
        now = self._monotonic()
        account = self._accounts.setdefault(client, _Account(BURST, now))
        self._accounts.move_to_end(client)
        if len(self._accounts) > CLIENTS:
            self._accounts.popitem(last=False)
        account.lines = min(BURST, account.lines + (now - account.at) * PER_SECOND)
        account.at = now
        if account.lines < 1:
            account.withheld += 1
            return None
        account.lines -= 1
        withheld, account.withheld = account.withheld, 0
        return withheld
