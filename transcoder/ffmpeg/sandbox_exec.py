"""Launcher of the sandbox: `python -I -S sandbox_exec.py SPEC` confines itself, then executes the tool.

A separate program that imports only the standard library, because none of this may be done between
fork and exec of a threaded worker. SPEC is JSON as written by `sandbox.confine`. Features that the
kernel lacks are skipped: the allowlists on the command line apply in every case.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import resource
import signal
import struct
import sys
import termios

TYPE_CHECKING = False  # importing typing would add a third to the start-up time
if TYPE_CHECKING:
    from typing import Any

PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
CAP_DAC_OVERRIDE = 1  # kept: root in a container reads originals that belong to another user

# Landlock (Linux 5.13+): numbers are the same on every architecture. See linux/landlock.h.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, IOCTL_DEV = (
    1 << 0,
    1 << 1,
    1 << 2,
    1 << 3,
    1 << 14,
    1 << 15,
)
READ = EXECUTE | READ_FILE | READ_DIR
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # number of access rights that an ABI knows
CONNECT_AND_BIND = 3  # TCP access rights, from ABI 4

libc = ctypes.CDLL(None, use_errno=True)


def main(spec: dict[str, Any]) -> None:
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.umask(0o077)
    os.nice(spec["nice"])
    detach_terminal()
    if sys.platform == "linux":
        if not spec["bubblewrap"]:
            isolate_network()
            drop_capabilities()
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if not spec["bubblewrap"]:
            restrict_files(spec["reads"], spec["writes"])
        # After the steps above, because a change of credentials clears it. It follows the parent's thread.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != spec["parent"]:
            sys.exit(125)  # the parent died before prctl took effect
    for name, value in spec["rlimits"].items():
        set_limit(getattr(resource, name), value)
    os.execv(spec["argv"][0], spec["argv"])  # noqa: S606


def detach_terminal() -> None:
    """Detach from the controlling terminal: the tool shares the worker's session and could inject input."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return  # no controlling terminal
    try:
        fcntl.ioctl(terminal, termios.TIOCNOTTY)
    except OSError:
        pass  # refused by a seccomp filter: Landlock or bubblewrap still apply
    finally:
        os.close(terminal)


def isolate_network() -> None:
    """Enter an empty network namespace; without root it needs a user namespace, where allowed."""
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def drop_capabilities() -> None:
    """Drop capabilities from the bounding set: root keeps its user id, for its files, and loses the rest
    at exec.
    """
    for capability in range(64):
        if capability != CAP_DAC_OVERRIDE:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def restrict_files(reads: list[str], writes: list[str]) -> None:
    """Restrict file access with Landlock: only `reads` can be read, only `writes` be written."""
    abi = libc.syscall(CREATE_RULESET, None, 0, 1)
    if abi < 1:
        return
    rights = (1 << RIGHTS_BY_ABI.get(abi, 16)) - 1
    attributes = struct.pack("=QQ", rights, CONNECT_AND_BIND if abi >= 4 else 0)
    ruleset = libc.syscall(CREATE_RULESET, attributes, len(attributes) if abi >= 4 else 8, 0)
    if ruleset < 0:
        return
    for path in reads:
        allow(ruleset, path, rights & READ)
    for path in writes:
        allow(ruleset, path, rights & ~EXECUTE)
    if libc.syscall(RESTRICT_SELF, ruleset, 0) != 0:
        sys.exit("landlock: " + os.strerror(ctypes.get_errno()))
    os.close(ruleset)


def allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):  # noqa: PTH112
        rights &= ON_FILES
    libc.syscall(ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, handle), 0)
    os.close(handle)


def set_limit(kind: int, value: int) -> None:
    """Set a resource limit, capped at the current hard limit, which only root may raise."""
    _, hard = resource.getrlimit(kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (ceiling, ceiling))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
