"""System call filter of the media tools (seccomp): a classic BPF program, built here and installed by
the launcher.

FFmpeg decodes and encodes files with threads. It needs no other process, no socket and no change to a
file's owner or mode, so an exploited parser is refused these whatever it tries.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

# code, jump if true, jump if false, operand; None stands for the tool's own process id.
Instruction = tuple[int, int, int, int | None]

LOAD, AND, EQUAL, GREATER, RETURN = 0x20, 0x54, 0x15, 0x25, 0x06  # linux/bpf_common.h
ALLOW, ERRNO, KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000  # linux/seccomp.h
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
EPERM, ENOSYS = 1, 38
NEWEST = 469  # Linux 6.17. Later calls are unknown here and answered as an older kernel does

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # linux/audit.h

# Name and number on x86_64 and aarch64. The first group is answered with ENOSYS, upon which the C library
# falls back to older calls whose arguments a filter can see.
UNKNOWN = (
    "clone3 435 435, openat2 437 437, io_uring_setup 425 425, memfd_create 319 279, memfd_secret 447 447"
)
REFUSED = {
    "processes and their groups": "fork 57 -, vfork 58 -, setsid 112 157, setpgid 109 154, unshare 272 97, "
    "setns 308 268",
    "signals to others": "rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240, pidfd_send_signal 424 424",
    "control of others": "ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, "
    "process_madvise 440 440, process_mrelease 448 448, kcmp 312 272, pidfd_open 434 434, "
    "pidfd_getfd 438 438, ioprio_set 251 30, sched_setparam 142 118, sched_setattr 314 274, "
    "migrate_pages 256 238, move_pages 279 239",
    "communication": "socket 41 198, socketpair 53 199, shmget 29 194, msgget 68 186, semget 64 190, "
    "mq_open 240 180, mq_unlink 241 181, add_key 248 217, request_key 249 218, keyctl 250 219",
    # Landlock does not restrict these on any kernel, truncate only since its third version.
    "attributes of files": "chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, chown 92 -, "
    "fchown 93 55, lchown 94 -, fchownat 260 54, utime 132 -, utimes 235 -, futimesat 261 -, "
    "utimensat 280 88, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, setxattrat 463 463, "
    "removexattr 197 14, lremovexattr 198 15, fremovexattr 199 16, removexattrat 466 466, "
    "file_setattr 469 469, truncate 76 45",
    # In the work folder, whose files the worker opens, and then deletes, without a sandbox.
    "links, folders and devices": "mkdir 83 -, mkdirat 258 34, "
    "link 86 -, linkat 265 37, symlink 88 -, symlinkat 266 36, mknod 133 -, "
    "mknodat 259 33",
    "parts of the kernel": "perf_event_open 298 241, bpf 321 280, userfaultfd 323 282",
}
CONDITIONAL = (
    "clone 56 220, kill 62 129, tkill 200 130, tgkill 234 131, prlimit64 302 261, setpriority 141 140, "
    "sched_setaffinity 203 122, sched_setscheduler 144 119, fcntl 72 25, prctl 157 167, open 2 -, "
    "openat 257 56"
)

CLONE_THREAD = 0x10000
F_SETOWN, F_SETSIG, F_SETOWN_EX = 8, 10, 15  # make the kernel send any signal to any process of the user
PR_SET_PDEATHSIG = 1  # set by the launcher, so that the tool dies with a killed worker
O_ACCMODE, O_TRUNC = 0o3, 0o1000
ALL_BITS = 0xFFFFFFFF


class Test(NamedTuple):
    """Comparison of an argument's lower half, which is all that the kernel reads of an int."""

    argument: int
    mask: int
    value: int | None


class Rule(NamedTuple):
    """Call allowed only if all tests hold, or, when `refuses`, unless one holds."""

    call: str
    tests: tuple[Test, ...]
    refuses: bool = False


RULES = (
    Rule("clone", (Test(0, CLONE_THREAD, CLONE_THREAD),)),
    Rule("prlimit64", (Test(0, ALL_BITS, 0),)),
    Rule("setpriority", (Test(0, ALL_BITS, 0), Test(1, ALL_BITS, 0))),  # x264 lowers its own
    Rule("sched_setaffinity", (Test(0, ALL_BITS, 0),)),
    Rule("sched_setscheduler", (Test(0, ALL_BITS, 0),)),
    Rule(
        "fcntl", tuple(Test(1, ALL_BITS, value) for value in (F_SETOWN, F_SETSIG, F_SETOWN_EX)), refuses=True
    ),
    Rule("prctl", (Test(0, ALL_BITS, PR_SET_PDEATHSIG),), refuses=True),
    # Reading and truncating at once is not writing to Landlock's first two versions.
    Rule("open", (Test(1, O_ACCMODE | O_TRUNC, O_TRUNC),), refuses=True),
    Rule("openat", (Test(2, O_ACCMODE | O_TRUNC, O_TRUNC),), refuses=True),
)
OWN_PROCESS = tuple(Rule(call, (Test(0, ALL_BITS, None),)) for call in ("kill", "tkill", "tgkill"))


def program(machine: str, *, own_namespace: bool) -> list[Instruction]:
    """Filter for a machine as `platform.machine` names it; empty for one whose numbers are unknown.

    In a process namespace of its own, a tool may send signals to any process that it can see.
    """
    if machine not in MACHINES or sys.maxsize < 2**32:
        return []
    numbers = _numbers(machine, ", ".join((UNKNOWN, *REFUSED.values(), CONDITIONAL)))
    instructions: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, MACHINES[machine]),
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD, 0, 0, NUMBER),
        (GREATER, 0, 1, NEWEST),
        (RETURN, 0, 0, ERRNO | ENOSYS),
    ]
    for name in _numbers(machine, UNKNOWN):
        instructions += [(EQUAL, 0, 1, numbers[name]), (RETURN, 0, 0, ERRNO | ENOSYS)]
    for name in _numbers(machine, ", ".join(REFUSED.values())):
        instructions += [(EQUAL, 0, 1, numbers[name]), (RETURN, 0, 0, ERRNO | EPERM)]
    for rule in RULES if own_namespace else RULES + OWN_PROCESS:
        if rule.call in numbers:
            body = list(_body(rule))
            instructions += [(EQUAL, 0, len(body), numbers[rule.call]), *body]
    return [*instructions, (RETURN, 0, 0, ALLOW)]


def _numbers(machine: str, table: str) -> dict[str, int]:
    column = 1 + list(MACHINES).index(machine)
    rows = (row.split() for row in table.split(", "))
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def _body(rule: Rule) -> Iterator[Instruction]:
    """Instructions after the call's number has matched: each test jumps to the last one, or goes on."""
    for position, test in enumerate(rule.tests):
        to_refusal = 3 * (len(rule.tests) - position) - 2
        yield LOAD, 0, 0, ARGUMENTS + 8 * test.argument
        yield AND, 0, 0, test.mask
        yield EQUAL, *((to_refusal, 0) if rule.refuses else (0, to_refusal)), test.value
    yield RETURN, 0, 0, ALLOW
    yield RETURN, 0, 0, ERRNO | EPERM
