"""Sandbox of the media tools. Restrictions that this kernel does not support are not asserted."""

import ctypes
import os
import pty
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.fixtures.canary import Canary
from transcoder.ffmpeg import process, sandbox, sandbox_exec
from transcoder.ffmpeg.process import Command, Limits, ProcessFailed
from transcoder.ffmpeg.tools import Tools

LIMITS = Limits(seconds=20)
UNSHARE = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(int(sys.argv[1], 16)) != 0)"


def shell(script: str) -> Command:
    return Command(argv=("/bin/sh", "-c", script), purpose="test", reports=False)


def network_can_be_isolated() -> bool:
    """Whether network namespaces work, with or without a user namespace, or Landlock supports TCP."""
    network_only, with_user = ("40000000", "50000000")
    return _landlock() >= 4 or any(
        subprocess.run([sys.executable, "-c", UNSHARE, flags], check=False).returncode == 0
        for flags in (network_only, with_user)
    )


def _landlock() -> int:
    return int(ctypes.CDLL(None).syscall(444, None, 0, 1))


def files_can_be_restricted() -> bool:
    return process.bubblewrap() is not None or _landlock() >= 1


async def test_environment_is_not_inherited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_SECRET", "canary")
    output = (
        await process.run(Command(("/usr/bin/env",), "test", reports=False), tmp_path, LIMITS)
    ).stdout.decode()
    names = {line.partition("=")[0] for line in output.splitlines()}
    assert names - {"PWD"} == set(sandbox.ENVIRONMENT)


async def test_file_descriptors_are_not_inherited(tmp_path: Path) -> None:
    with (tmp_path / "ours").open("w") as ours:
        script = f"ls /proc/self/fd 2>/dev/null; test ! -e /proc/self/fd/{ours.fileno()} || exit 9"
        await process.run(shell(script), tmp_path, LIMITS)


async def test_network_is_unreachable(tools: Tools, canary: Canary, tmp_path: Path) -> None:
    """Even for a tool whose input is a network address."""
    address = canary.addresses[-1]
    argv = (str(tools.ffprobe), "-v", "error", "-rw_timeout", "2000000", "-i", address)
    with pytest.raises(ProcessFailed):
        await process.run(Command(argv, "test", reports=False), tmp_path, LIMITS)
    assert canary.accesses == [] or not network_can_be_isolated()


async def test_other_files_are_inaccessible(tmp_path: Path) -> None:
    secret, work = tmp_path / "secret", tmp_path / "work"
    secret.write_text("canary")
    work.mkdir()
    script = (
        f"cat {secret}; echo gone > {secret}; echo new > {tmp_path}/new; cat /etc/passwd; echo mine > mine"
    )
    output = (await process.run(shell(script), work, LIMITS)).stdout.decode()
    assert (work / "mine").read_text() == "mine\n"
    if files_can_be_restricted():
        assert output == ""
        assert secret.read_text() == "canary"
        assert not (tmp_path / "new").exists()


async def test_input_is_read_only(tmp_path: Path) -> None:
    original, work = tmp_path / "original", tmp_path / "work"
    original.write_text("lecture")
    work.mkdir()
    script = 'cat "$1"; (echo spoilt > "$1") 2>/dev/null || true'
    argv = ("/bin/sh", "-c", script, "-i", str(original))
    output = (await process.run(Command(argv, "test", reports=False), work, LIMITS)).stdout.decode()
    assert output == "lecture"
    assert original.read_text() == "lecture" or not files_can_be_restricted()


async def test_privileges_are_dropped(tmp_path: Path) -> None:
    script = "grep -E '^(NoNewPrivs|CapEff|Seccomp)' /proc/self/status || true; ulimit -c; umask"
    output = (await process.run(shell(script), tmp_path, LIMITS)).stdout.decode()
    assert output.split()[-2:] == ["0", "0077"]


async def test_nice_value_and_session(tmp_path: Path) -> None:
    """Tools share the worker's session: Linux shares CPU time by session first, nice counts only inside."""
    limits = msgspec.structs.replace(LIMITS, nice=7)
    argv = ("/bin/sh", "-c", "nice; cut -d' ' -f5,6 /proc/self/stat", "-i", "/proc")
    output = (await process.run(Command(argv, "test", reports=False), tmp_path, limits)).stdout
    nice, group, session = map(int, output.split())
    assert nice == os.nice(0) + 7
    assert session == os.getsid(0)
    assert group != os.getpgid(0)


def test_refused_terminal_detach_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's seccomp filter may refuse the ioctl. /dev/null refuses it too."""
    opened = []

    def null(_path: str, flags: int) -> int:
        opened.append(os_open("/dev/null", flags))
        return opened[-1]

    os_open = os.open
    monkeypatch.setattr(os, "open", null)
    sandbox_exec.detach_terminal()
    assert len(opened) == 1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened[0])


def test_terminal_is_inaccessible(tmp_path: Path) -> None:
    terminal, ours = pty.openpty()
    script = ("/bin/sh", "-c", "(: < /dev/tty) 2>/dev/null && echo open || echo closed")
    argv = sandbox.confine(script, folder=tmp_path, inputs=[Path("/dev/tty")], rlimits={})
    output = {}
    for name, command in {"bare": script, "confined": argv}.items():
        # nohup, because here it leads the session, and detaching would send it SIGHUP.
        with_terminal = ["setsid", "--ctty", "nohup", *command]
        done = subprocess.run(with_terminal, stdin=ours, capture_output=True, text=True, check=False)
        output[name] = done.stdout
    os.close(terminal)
    os.close(ours)
    assert output == {"bare": "open\n", "confined": "closed\n"}
