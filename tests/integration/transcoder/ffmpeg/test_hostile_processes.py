"""Hostile programs in place of FFmpeg: signals to other processes, fork bombs, daemons."""

import asyncio
import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.integration.transcoder.ffmpeg.attacks import attack
from transcoder.ffmpeg import process
from transcoder.ffmpeg.process import Limits, ProcessFailed
from transcoder.ffmpeg.wall import Wall

SIGNALS = """
victim = int(sys.argv[1])
SIGUSR1 = signal.SIGUSR1

def by_owner_of_a_pipe():
    reads, writes = os.pipe()
    F_SETSIG = 10
    fcntl.fcntl(reads, fcntl.F_SETOWN, victim)
    fcntl.fcntl(reads, F_SETSIG, SIGUSR1)
    fcntl.fcntl(reads, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    os.write(writes, b"x")

def call(number, *argv):
    if libc.syscall(number, *argv) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

attempt("kill", os.kill, victim, SIGUSR1)
attempt("killpg", os.killpg, victim, SIGUSR1)
attempt("tgkill", call, {"x86_64": 234, "aarch64": 131}[os.uname().machine], victim, victim, SIGUSR1)
attempt("pidfd", lambda: signal.pidfd_send_signal(os.pidfd_open(victim), SIGUSR1))
attempt("fcntl", by_owner_of_a_pipe)
attempt("prlimit", call, {"x86_64": 302, "aarch64": 261}[os.uname().machine], victim, 0, b"\\0" * 16, None)
attempt("priority", os.setpriority, os.PRIO_PROCESS, victim, 19)
attempt("affinity", os.sched_setaffinity, victim, {0})
signal.signal(SIGUSR1, lambda *_: print("own"))
os.kill(os.getpid(), SIGUSR1)  # its own process it may, as raise(3) and abort(3) do
"""


async def test_other_processes_are_left_alone(
    wall: Wall, work: Path, victim: subprocess.Popen[bytes]
) -> None:
    printed = (await attack(SIGNALS, work, str(victim.pid))).stdout.decode()
    assert "DONE" not in printed
    assert printed.endswith("own\n")
    await asyncio.sleep(0.1)
    assert victim.poll() is None
    assert os.getpriority(os.PRIO_PROCESS, victim.pid) == os.getpriority(os.PRIO_PROCESS, 0)


async def test_landlock_alone_keeps_signals_and_tcp_inside(
    work: Path, victim: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a kernel has no seccomp filters, or our filter does not know the machine."""
    landlock = process.Walls().current().landlock
    monkeypatch.setattr(process.walls, "current", lambda: Wall(landlock=landlock))
    listening = socket.create_server(("127.0.0.1", 0))
    script = """
attempt("kill", os.kill, int(sys.argv[1]), signal.SIGUSR1)
attempt("tcp", socket.create_connection, ("127.0.0.1", int(sys.argv[2])), 1)
"""
    with listening:
        finished = await attack(script, work, str(victim.pid), str(listening.getsockname()[1]))
    kill, tcp = finished.stdout.decode().splitlines()
    assert kill.startswith("kill refused") or landlock < 6
    assert tcp.startswith("tcp refused") or landlock < 4


FORKS = """
CLONE_VFORK, SIGCHLD = 0x4000, 17
for number in range(20):
    try:
        if os.fork() == 0:
            open(f"child{number}", "w")
            time.sleep(1)
            os._exit(0)
    except OSError:
        pass
attempt("spawn", os.posix_spawn, "/bin/sh", ["sh", "-c", ": > spawned"], {})
thread = threading.Thread(target=print, args=("thread",))  # FFmpeg needs them
thread.start()
thread.join()
time.sleep(0.2)
"""


async def test_no_process_is_started(wall: Wall, work: Path) -> None:
    printed = (await attack(FORKS, work)).stdout.decode()
    assert list(work.iterdir()) == []
    assert printed.endswith("thread\n")


THREADS = """
threading.stack_size(32768)
never = threading.Event()
count = 0
while count < 30000:
    try:
        threading.Thread(target=never.wait, daemon=True).start()
    except RuntimeError:
        break
    count += 1
print(count, flush=True)
os._exit(0)
"""


async def test_threads_are_limited(wall: Wall, work: Path) -> None:
    """The kernel exempts root, which `skillstudio doctor` says."""
    if wall.root:
        return
    limits = Limits(seconds=60, threads=100, memory_bytes=2**36)
    count = int((await attack(THREADS, work, limits=limits)).stdout)
    tasks = sum(len(list(folder.glob("task/*"))) for folder in Path("/proc").glob("[0-9]*"))
    assert count < tasks + 200


DAEMON = """
def daemonise():
    if child := os.fork():
        return os.waitpid(child, 0)
    os.setsid()
    if os.fork():
        os._exit(0)
    for _ in range(100):
        open("alive", "a").write("x")
        time.sleep(0.05)
    os._exit(0)

attempt("daemon", daemonise)
attempt("group", os.setpgid, 0, os.getppid())
attempt("session", os.setsid)
attempt("namespace", lambda: libc.unshare(0x10000000) == 0 or 1 / 0)
attempt("orphan", lambda: libc.prctl(1, 0, 0, 0, 0) == 0 or 1 / 0)  # no signal when its worker is killed
"""


async def test_no_daemon_outlives_the_job(wall: Wall, work: Path) -> None:
    printed = (await attack(DAEMON, work)).stdout.decode()
    assert "DONE" not in printed
    before = _size(work / "alive")
    await asyncio.sleep(0.5)
    assert _size(work / "alive") == before


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


async def test_process_that_left_its_group_is_killed(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a seccomp filter it can."""
    monkeypatch.setattr(process.walls, "current", Wall)
    script = f"os.setpgid(0, {os.getpgid(0)}); open('left', 'w'); time.sleep(30)"
    with pytest.raises(ProcessFailed) as failed:
        await attack(script, work, limits=Limits(seconds=1))
    assert failed.value.kind == "timeout"
    assert failed.value.returncode == -9
    assert (work / "left").exists()
