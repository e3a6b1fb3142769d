"""Hostile programs in place of FFmpeg: what an exploited parser could try, and must not achieve."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from transcoder.ffmpeg import process
from transcoder.ffmpeg.process import Command, Finished, Limits, ProcessFailed
from transcoder.ffmpeg.wall import Wall

LIMITS = Limits(seconds=20)
TRY = """
import ctypes, errno, fcntl, os, signal, socket, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)

def attempt(name, act, *argv):
    try:
        act(*argv)
    except Exception as refusal:
        print(name, "refused:", refusal)
    else:
        print(name, "DONE")
"""


@pytest.fixture(params=["without bubblewrap", *(["bubblewrap"] if shutil.which("bwrap") else [])])
def wall(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Wall:
    """Each wall of this machine, all of whose layers must stand for these tests."""
    if request.param == "without bubblewrap":
        monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(process, "walls", process.Walls())
    found = process.walls.current()
    assert found.seccomp, "these tests need a kernel with seccomp filters on x86-64 or ARM64"
    assert bool(found.bubblewrap) == (request.param == "bubblewrap")
    return found


async def attack(script: str, folder: Path, *argv: str, limits: Limits = LIMITS) -> Finished:
    command = (sys.executable, "-I", "-S", "-c", TRY + script, *argv)
    return await process.run(Command(command, "attack", reports=False), folder, limits)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """Another process of the same user."""
    process = subprocess.Popen(["/bin/sleep", "60"], process_group=0)
    yield process
    process.kill()
    process.wait()


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


FILES = """
ours = sys.argv[2]
attempt("chmod", os.chmod, ours, 0o777)
attempt("fchmod", lambda: os.fchmod(os.open(ours, os.O_RDONLY), 0o777))
attempt("chown", os.chown, ours, os.getuid(), os.getgid())
attempt("utime", os.utime, ours, (1, 1))
attempt("truncate", os.truncate, ours, 0)
attempt("open", os.open, ours, os.O_RDONLY | os.O_TRUNC)
attempt("xattr", os.setxattr, ours, "user.mine", b"1")
attempt("unlink", os.unlink, ours)
attempt("rename", os.rename, ours, "taken")
attempt("symlink", os.symlink, "/etc/passwd", "out.mp4")  # the worker would follow it
attempt("link", os.link, ours, "link.mp4")
attempt("fifo", os.mkfifo, "fifo.mp4")
open("own", "w").write("own")
os.rename("own", "segment")
os.mkdir("sub")
os.unlink("segment")
"""


async def test_our_files_keep_mode_owner_time_and_content(wall: Wall, tmp_path: Path, work: Path) -> None:
    """Even an input, which it may read."""
    ours = tmp_path / "original"
    ours.write_text("lecture")
    ours.chmod(0o640)
    before = ours.stat()
    printed = (await attack(FILES, work, "-i", str(ours))).stdout.decode()
    assert "DONE" not in printed
    after = ours.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_mode,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
    assert ours.read_text() == "lecture"
    assert [path.name for path in work.iterdir()] == ["sub"]


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


SOCKETS = """
def connect(family, address):
    channel = socket.socket(family)
    channel.settimeout(2)
    channel.connect(address)
    channel.send(b"FLUSHALL")

def write_to(address):
    left, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    left.sendto(b"FLUSHALL", address)

port, path, name = sys.argv[1:]
attempt("tcp", connect, socket.AF_INET, ("127.0.0.1", int(port)))
attempt("path", connect, socket.AF_UNIX, path)
attempt("abstract", connect, socket.AF_UNIX, b"\\0" + name.encode())
attempt("pair", write_to, path)
attempt("ring", lambda: libc.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0 or 1 / 0)
"""


@pytest.fixture
def sockets() -> Iterator[tuple[list[socket.socket], list[bytes]]]:
    """Listening sockets as a queue has them (TCP, Unix, abstract), and what they received."""
    received: list[bytes] = []
    folder = tempfile.mkdtemp()  # short: a socket's path has 107 bytes at most
    tcp = socket.create_server(("127.0.0.1", 0))
    path, abstract = (socket.socket(socket.AF_UNIX) for _ in range(2))
    path.bind(f"{folder}/queue.sock")
    abstract.bind(f"\0skillstudio-{os.getpid()}")
    listening = [tcp, path, abstract]
    for server in listening:
        server.listen()
    threads = [threading.Thread(target=_receive, args=(server, received)) for server in listening]
    for thread in threads:
        thread.start()
    yield listening, received
    for server in listening:
        server.shutdown(socket.SHUT_RDWR)  # ends accept
    for server, thread in zip(listening, threads, strict=True):
        thread.join()
        server.close()
    shutil.rmtree(folder)


def _receive(server: socket.socket, received: list[bytes]) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client:
            received.append(client.recv(100))


async def test_queue_is_unreachable(
    wall: Wall, work: Path, sockets: tuple[list[socket.socket], list[bytes]]
) -> None:
    (tcp, path, abstract), received = sockets
    names = (str(tcp.getsockname()[1]), path.getsockname(), abstract.getsockname()[1:].decode())
    printed = (await attack(SOCKETS, work, *names)).stdout.decode()
    assert "DONE" not in printed
    assert received == []


async def test_missing_layer_stops_the_tool(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that was found on this machine is not left out silently."""
    monkeypatch.setattr(process.walls, "current", lambda: Wall(landlock=1000))
    with pytest.raises(ProcessFailed, match="landlock was found on this machine, and is refused now"):
        await attack("", work)
