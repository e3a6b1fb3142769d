"""Hostile programs in place of FFmpeg: our files, and the sockets of the queue."""

import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.transcoder.ffmpeg.attacks import attack
from transcoder.ffmpeg import process
from transcoder.ffmpeg.process import ProcessFailed
from transcoder.ffmpeg.wall import Wall

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
attempt("folder", os.mkdir, "deep")  # nested deeply, it could not be deleted
open("own", "w").write("own")
os.rename("own", "segment")
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
    assert [path.name for path in work.iterdir()] == ["segment"]


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
