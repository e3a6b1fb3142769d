"""Filter of the media tools, run by an interpreter of its few instructions, for each machine."""

import struct
from collections.abc import Sequence

import pytest

from transcoder.ffmpeg import seccomp

OWN = 4711
ALLOWED, EPERM, ENOSYS, KILLED = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
X86, ARM = "x86_64", "aarch64"
THREAD, FORK, SPAWN = (
    0x3D0F00,
    0x1200011,
    0x4111,
)  # flags of the C library's pthread_create, fork, posix_spawn


def verdict(
    machine: str,
    number: int,
    *arguments: int,
    architecture: int | None = None,
    own_namespace: bool = False,
) -> int:
    """Return value of the filter for one call."""
    program = seccomp.program(machine, own_namespace=own_namespace)
    data = struct.pack("<iIQ6Q", number, architecture or seccomp.MACHINES[machine], 0, *_padded(arguments))
    position, value = 0, 0
    while True:
        code, if_true, if_false, operand = program[position]
        operand = OWN if operand is None else operand
        position += 1
        if code == seccomp.RETURN:
            return operand
        if code == seccomp.LOAD:
            (value,) = struct.unpack_from("<I", data, operand)
        elif code == seccomp.AND:
            value &= operand
        else:
            holds = value == operand if code == seccomp.EQUAL else value > operand
            position += if_true if holds else if_false


def _padded(arguments: Sequence[int]) -> list[int]:
    return [argument % 2**64 for argument in (*arguments, 0, 0, 0, 0, 0, 0)][:6]


@pytest.mark.parametrize(
    ("machine", "number", "arguments", "expected"),
    [
        (X86, 0, (), ALLOWED),  # read
        (ARM, 63, (), ALLOWED),
        (X86, 57, (), EPERM),  # fork
        (X86, 56, (THREAD,), ALLOWED),
        (X86, 56, (FORK,), EPERM),
        (ARM, 220, (THREAD,), ALLOWED),
        (ARM, 220, (SPAWN,), EPERM),
        (X86, 435, (), ENOSYS),  # clone3
        (ARM, 435, (), ENOSYS),
        (X86, 62, (OWN, 6), ALLOWED),  # kill
        (X86, 62, (OWN + 1, 9), EPERM),
        (X86, 62, (-1, 9), EPERM),
        (X86, 62, (0, 9), EPERM),
        (ARM, 131, (OWN, OWN + 1, 6), ALLOWED),  # tgkill
        (ARM, 131, (OWN + 1, OWN + 1, 9), EPERM),
        (X86, 302, (0, 7), ALLOWED),  # prlimit64
        (X86, 302, (OWN + 1, 7), EPERM),
        (X86, 141, (0, 0, 10), ALLOWED),  # setpriority: own process
        (X86, 141, (0, OWN + 1, 10), EPERM),
        (X86, 141, (2, 0, 10), EPERM),  # all of the user's
        (X86, 72, (3, 2, 1), ALLOWED),  # fcntl: F_SETFD
        (X86, 72, (3, 8, OWN + 1), EPERM),  # F_SETOWN
        (ARM, 25, (3, 15, 0), EPERM),  # F_SETOWN_EX
        (X86, 157, (15, 0), ALLOWED),  # prctl: name of a thread
        (ARM, 167, (1, 0), EPERM),  # signal at the worker's death
        (X86, 257, (-100, 0, 0o1102), ALLOWED),  # openat to write
        (X86, 257, (-100, 0, 0o1000), EPERM),  # to read, and truncate
        (ARM, 56, (-100, 0, 0o102001), ALLOWED),
        (X86, 41, (1, 1), EPERM),  # socket
        (ARM, 198, (2, 1), EPERM),
        (X86, 90, (), EPERM),  # chmod
        (ARM, 452, (), EPERM),  # fchmodat2
        (X86, 1000, (), ENOSYS),  # of a newer kernel
        (X86, 0x40000000 + 57, (), ENOSYS),  # fork by the x32 convention
    ],
)
def test_verdicts(machine: str, number: int, arguments: tuple[int, ...], expected: int) -> None:
    assert verdict(machine, number, *arguments) == expected


def test_calls_by_another_convention_are_fatal() -> None:
    """32-bit calls have other numbers."""
    i386 = 0x40000003
    assert verdict(X86, 0, architecture=i386) == KILLED


def test_own_namespace_allows_signals() -> None:
    assert verdict(X86, 62, 5, 15, own_namespace=True) == ALLOWED
    assert verdict(X86, 57, own_namespace=True) == EPERM


def test_unknown_machine_has_no_filter() -> None:
    assert seccomp.program("riscv64", own_namespace=False) == []


@pytest.mark.parametrize("machine", [X86, ARM])
def test_program_is_one_that_the_kernel_accepts(machine: str) -> None:
    """Jumps stay inside it, the last instruction returns, and it is not longer than 4096."""
    program = seccomp.program(machine, own_namespace=False)
    for position, (_, if_true, if_false, _) in enumerate(program):
        assert position + 1 + max(if_true, if_false) < len(program) or position == len(program) - 1
    assert program[-1][0] == seccomp.RETURN
    assert len(program) < 4096
