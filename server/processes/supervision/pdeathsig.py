"""Parent-death signal: children do not outlive their parent, even when it is killed with SIGKILL."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded here, not between fork and exec


def killed_with(parent: int) -> Callable[[], None]:
    """`preexec_fn` with which the kernel kills the child when `parent` ends. Linux only.

    SIGKILL, because every process here is safe to kill at any line, and a second start must not
    meet processes of the first.
    """

    def set_signal() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)  # the parent ended before prctl

    return set_signal
