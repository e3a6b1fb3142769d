"""Sandbox of the media tools. Restrictions that this kernel does not support are not asserted."""

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


def shell(script: str) -> Command:
    return Command(argv=("/bin/sh", "-c", script), purpose="test", reports=False)


def python(script: str, *argv: str) -> Command:
    return Command(argv=(sys.executable, "-I", "-S", "-c", script, *argv), purpose="test", reports=False)


def network_can_be_isolated() -> bool:
    wall = process.walls.current()
    return bool(wall.bubblewrap) or wall.network or wall.seccomp or wall.landlock >= 4


def files_can_be_restricted() -> bool:
    wall = process.walls.current()
    return bool(wall.bubblewrap) or wall.landlock >= 1


def test_busy_machine_is_not_taken_for_one_without_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    walls = process.Walls()
    with monkeypatch.context() as busy:
        busy.setattr(process, "tool_output", lambda *_: None)
        with pytest.raises(process.SandboxUnknown):
            walls.current()
        assert not walls.admits(Path("/bin/true"))
    assert walls.current() == process.walls.current()


async def test_environment_is_not_inherited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_SECRET", "canary")
    output = (
        await process.run(Command(("/usr/bin/env",), "test", reports=False), tmp_path, LIMITS)
    ).stdout.decode()
    names = {line.partition("=")[0] for line in output.splitlines()}
    assert names - {"PWD"} == set(sandbox.ENVIRONMENT)


async def test_file_descriptors_are_not_inherited(tmp_path: Path) -> None:
    with (tmp_path / "ours").open("w") as ours:
        script = f"test ! -e /proc/self/fd/{ours.fileno()} || exit 9"
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
    script = """
import os, sys
secret, new = sys.argv[1:]
for path, how in ((secret, "r"), (secret, "a"), (new, "w"), ("/etc/passwd", "r")):
    try:
        print(open(path, how).read() if how == "r" else open(path, how).write("gone"))
    except OSError:
        pass
try:
    os.unlink(secret)
except OSError:
    pass
open("mine", "w").write("mine\\n")
"""
    command = python(script, str(secret), str(tmp_path / "new"))
    output = (await process.run(command, work, LIMITS)).stdout.decode()
    assert (work / "mine").read_text() == "mine\n"
    if files_can_be_restricted():
        assert "canary" not in output
        assert "root:" not in output
        assert secret.read_text() == "canary"
        assert not (tmp_path / "new").exists()


async def test_input_is_read_only(tmp_path: Path) -> None:
    original, work = tmp_path / "original", tmp_path / "work"
    original.write_text("lecture")
    work.mkdir()
    script = """
import os, sys
path = sys.argv[2]
print(open(path).read(), end="")
for flags in (os.O_WRONLY | os.O_TRUNC, os.O_RDONLY | os.O_TRUNC):
    try:
        os.open(path, flags)
    except OSError:
        pass
"""
    output = (await process.run(python(script, "-i", str(original)), work, LIMITS)).stdout.decode()
    assert output == "lecture"
    assert original.read_text() == "lecture" or not files_can_be_restricted()


async def test_privileges_are_dropped(tmp_path: Path) -> None:
    script = """
import ctypes, os, resource
PR_GET_NO_NEW_PRIVS = 39
print(ctypes.CDLL(None).prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[0],
      os.umask(0), resource.getrlimit(resource.RLIMIT_NPROC)[0])
"""
    output = (await process.run(python(script), tmp_path, LIMITS)).stdout
    no_new_privileges, core, umask, threads = map(int, output.split())
    assert (no_new_privileges, core, umask) == (1, 0, 0o077)
    assert LIMITS.threads < threads < LIMITS.threads + 100_000


async def test_nice_value_and_session(tmp_path: Path) -> None:
    """Tools share the worker's session: Linux shares CPU time by session first, nice counts only inside."""
    limits = msgspec.structs.replace(LIMITS, nice=7)
    script = "import os; print(os.nice(0), os.getpgid(0), os.getsid(0))"
    output = (await process.run(python(script), tmp_path, limits)).stdout
    nice, group, session = map(int, output.split())
    assert nice == os.nice(0) + 7
    assert session in (os.getsid(0), 0)  # 0 for one outside its process namespace
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
    script = ("/bin/sh", "-c", "command : < /dev/tty && echo open || echo closed")
    wall = process.walls.current()
    argv = sandbox.confine(script, folder=tmp_path, inputs=[Path("/dev/tty")], rlimits={}, wall=wall)
    output = {}
    for name, command in {"bare": script, "confined": argv}.items():
        # nohup, because here it leads the session, and detaching would send it SIGHUP.
        with_terminal = ["setsid", "--ctty", "nohup", *command]
        done = subprocess.run(with_terminal, stdin=ours, capture_output=True, text=True, check=False)
        output[name] = done.stdout
    os.close(terminal)
    os.close(ours)
    assert output == {"bare": "open\n", "confined": "closed\n"}
