"""Processes that do not outlive the one that started them, even when that is killed with -9."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded here, not between fork and exec


def dying_with(parent: int) -> Callable[[], None]:
    """For `preexec_fn`: the kernel kills the child when `parent` ends. Only Linux can do that.

    Everything of ours is safe to kill at any line, and a second start must not meet the first one's
    processes: hence SIGKILL.
    """

    def tie() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)  # it ended before we asked

    return tie
