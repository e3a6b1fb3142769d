"""Orphaned encoders: ffmpeg dies with its worker, even on `kill -9`, where the worker cannot clean up."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from transcoder.ffmpeg.tools import Tools

pytestmark = pytest.mark.faults

WORKER = """
import asyncio, sys
from pathlib import Path
from transcoder.ffmpeg.process import Command, Limits, run
argv = (sys.argv[1], "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25",
        "-c:v", "mpeg4", "-flush_packets", "1", "-f", "mpegts", "out.ts")
asyncio.run(run(Command(argv, "endless"), Path(sys.argv[2]), Limits(seconds=60)))
"""


def test_encoder_dies_with_its_worker(tools: Tools, tmp_path: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(tools.ffmpeg), str(tmp_path)])
    output = tmp_path / "out.ts"
    try:
        wait_for(lambda: output.exists() and output.stat().st_size > 0, 20)
        encoders = [
            pid
            for children in Path(f"/proc/{worker.pid}/task").glob("*/children")
            for pid in children.read_text().split()
        ]
        assert encoders
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    wait_for(lambda: all(not is_alive(pid) for pid in encoders), 5)
    written = output.stat().st_size
    time.sleep(0.5)  # a dozen frames if it were alive
    assert output.stat().st_size == written


def is_alive(pid: str) -> bool:
    """Whether the process runs; a zombie has an empty command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def wait_for(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
