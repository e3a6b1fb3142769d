"""Launcher of the sandbox: `python -I -S sandbox_exec.py SPEC` confines itself, then executes the tool.

A separate program that imports only the standard library, because none of this may be done between
fork and exec of a threaded worker. SPEC is JSON as written by `sandbox.confine`; without a tool it prints
the layers that it entered. A layer that was found before and is refused now ends it.
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

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 22, 24, 38
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
CAP_DAC_OVERRIDE = 1  # kept: root in a container reads originals that belong to another user
SECCOMP = {"x86_64": 317, "aarch64": 277}  # number of seccomp(2)
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_MODE_FILTER = 1, 4, 2

# Landlock (Linux 5.13+): numbers are the same on every architecture. See linux/landlock.h.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
REMOVE_FILE, MAKE_REG, TRUNCATE = 1 << 5, 1 << 8, 1 << 14
READ = READ_FILE | READ_DIR
# No links, folders, devices and pipes: the worker opens and deletes what is there without a sandbox.
WRITE = READ | WRITE_FILE | REMOVE_FILE | MAKE_REG | TRUNCATE
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15}  # number of access rights that an ABI knows; later ones 16
CONNECT_AND_BIND = 3  # TCP access rights, from ABI 4
ABSTRACT_SOCKETS_AND_SIGNALS = 3  # scopes, from ABI 6

libc = ctypes.CDLL(None, use_errno=True)


def main(spec: dict[str, Any]) -> None:
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.umask(0o077)
    os.nice(spec["nice"])
    detach_terminal()
    layers = confine(spec) if sys.platform == "linux" else {}
    for name, needed in spec["required"].items():
        if layers.get(name, 0) < needed:
            sys.exit(f"sandbox: {name} was found on this machine, and is refused now")
    if spec["argv"]:
        os.execv(spec["argv"][0], spec["argv"])  # noqa: S606
    print(json.dumps(layers))


def confine(spec: dict[str, Any]) -> dict[str, int]:
    """Enter the layers, and say which. Landlock would refuse bubblewrap its mounts."""
    layers: dict[str, int] = {}
    if not spec["bubblewrap"]:
        layers["network"] = isolate_network()
        drop_capabilities()
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if not spec["bubblewrap"]:
        layers["landlock"] = restrict_files(spec["programs"], spec["reads"], spec["writes"])
    # After the steps above, because a change of credentials clears it. It follows the parent's thread.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != spec["parent"]:
        sys.exit(125)  # the parent died before prctl took effect
    for name, value in spec["rlimits"].items():
        set_limit(getattr(resource, name), value)
    if spec["filter"]:
        filter_ = b"".join(instruction(*words) for words in spec["filter"])
        layers["seccomp"] = hand_over(spec["argv"], filter_) if spec["bubblewrap"] else install(filter_)
    return layers


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


def isolate_network() -> bool:
    """Enter an empty network namespace; without root it needs a user namespace, where allowed."""
    return any(libc.unshare(flags) == 0 for flags in (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET))


def drop_capabilities() -> None:
    """Drop capabilities from the bounding set: root keeps its user id, for its files, and loses the rest
    at exec.
    """
    for capability in range(64):
        if capability != CAP_DAC_OVERRIDE:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def restrict_files(programs: list[str], reads: list[str], writes: list[str]) -> int:
    """Restrict file access with Landlock to these paths, TCP and signals as far as the kernel's version
    (ABI) can. Returns the version; 0 if it has none.
    """
    abi = libc.syscall(CREATE_RULESET, None, 0, 1)
    if abi < 1:
        return 0
    rights = (1 << RIGHTS_BY_ABI.get(abi, 16)) - 1
    words = [
        rights,
        *([CONNECT_AND_BIND] if abi >= 4 else []),
        *([ABSTRACT_SOCKETS_AND_SIGNALS] if abi >= 6 else []),
    ]
    attributes = struct.pack(f"={len(words)}Q", *words)
    ruleset = libc.syscall(CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return 0
    for paths, allowed in ((programs, READ | EXECUTE), (reads, READ), (writes, WRITE)):
        for path in paths:
            allow(ruleset, path, rights & allowed)
    entered = libc.syscall(RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return abi if entered else 0


def allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):  # noqa: PTH112
        rights &= ON_FILES
    libc.syscall(ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, handle), 0)
    os.close(handle)


def instruction(code: int, if_true: int, if_false: int, operand: int | None) -> bytes:
    """struct sock_filter. The tool keeps the launcher's process id."""
    return struct.pack("=HBBI", code, if_true, if_false, os.getpid() if operand is None else operand)


def install(filter_: bytes) -> bool:
    """Install a seccomp filter, which stays for the tool."""
    memory = ctypes.create_string_buffer(filter_, len(filter_))
    program = struct.pack("@HP", len(filter_) // 8, ctypes.addressof(memory))  # struct sock_fprog
    # Until Linux 5.15 a filter also slows a process down, against speculation inside it, unless told not to.
    unslowed = (SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, program)
    if libc.syscall(SECCOMP[os.uname().machine], *unslowed) == 0:
        return True
    return int(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)) == 0


def hand_over(bubblewrap: list[str], filter_: bytes) -> bool:
    """Have bubblewrap install a filter, which would refuse it its own work; it reads it from a file."""
    file = os.memfd_create("filter", 0)
    os.write(file, filter_)
    os.lseek(file, 0, os.SEEK_SET)
    bubblewrap[1:1] = ["--seccomp", str(file)]
    return True


def set_limit(kind: int, value: int) -> None:
    """Set a resource limit, capped at the current hard limit, which only root may raise."""
    _, hard = resource.getrlimit(kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (ceiling, ceiling))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
