"""Requirements of SkillStudio that this machine meets or lacks, with remedies."""

import ctypes
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from server.core import instance
from server.core.clock import SystemClock
from server.operations import ports
from server.settings import Settings
from storage.database import SQLITE_VERSION
from storage.database.sqlite import is_safe
from transcoder.ffmpeg.process import SandboxUnknown, walls
from transcoder.ffmpeg.tools import OLDEST, ToolsMissing, describe, find_tools
from transcoder.ffmpeg.wall import Wall, gaps

GIB = 2**30
LEAST_FREE, COMFORTABLE_FREE = 1 * GIB, 20 * GIB
WORKER_BYTES = 700 * 2**20  # peak of one 1080p encode
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


class State(StrEnum):
    GOOD = "good"
    HINT = "hint"  # works, could be better
    MISSING = "missing"  # does not work


class Finding(msgspec.Struct, frozen=True):
    name: str
    state: State
    message: str
    remedy: str = ""  # what to do about it


def good(name: str, message: str) -> Finding:
    return Finding(name, State.GOOD, message)


def about_machine(settings: Settings) -> Iterator[Finding]:
    yield good("Python", platform.python_version())
    yield ffmpeg(settings)
    yield standing_sandbox()
    yield sqlite()
    yield disk(settings.data)
    yield memory(settings)
    yield port(settings)
    yield clock(settings.data, SystemClock().now())


def ffmpeg(settings: Settings) -> Finding:
    try:
        report = describe(find_tools(settings.ffmpeg, settings.ffprobe))
    except ToolsMissing as missing:
        return Finding(
            "FFmpeg",
            State.MISSING,
            str(missing),
            f"`make setup` installs one; or install FFmpeg {OLDEST} or newer with x264 and zscale.",
        )
    for tool in (report.tools.ffmpeg, report.tools.ffprobe):
        if not walls.admits(tool):
            return Finding(
                "FFmpeg",
                State.MISSING,
                f"{tool} does not run in the sandbox, which lets no other program be started.",
                "Name the program itself, not a script, in SKILLSTUDIO_FFMPEG and SKILLSTUDIO_FFPROBE.",
            )
    encoders = [name for name in report.encoders if "264" in name]
    return good(
        "FFmpeg",
        f"{report.ffmpeg_version}, ffprobe {report.ffprobe_version}; H.264 encoders {', '.join(encoders)}; "
        f"in {report.tools.ffmpeg}",
    )


def standing_sandbox() -> Finding:
    try:
        return sandbox(walls.current())
    except SandboxUnknown as unknown:
        return Finding("Sandbox", State.MISSING, str(unknown), "Try again when this machine is less busy.")


def sandbox(wall: Wall) -> Finding:
    """What stands between a hostile upload that takes over FFmpeg and this machine."""
    if not (open_ := gaps(wall)):
        return good("Sandbox", f"FFmpeg is confined by {wall}")
    return Finding(
        "Sandbox",
        State.HINT,
        f"FFmpeg is confined by {wall}. A hostile file could {'; '.join(gap.message for gap in open_)}.",
        " ".join(dict.fromkeys(gap.remedy for gap in open_)),
    )


def sqlite() -> Finding:
    major, minor, patch, *_ = (int(part) for part in SQLITE_VERSION.split("."))
    if is_safe((major, minor, patch)):
        return good("SQLite", SQLITE_VERSION)
    return Finding(
        "SQLite",
        State.MISSING,
        f"{SQLITE_VERSION} can corrupt a database that several processes use.",
        "Install the pysqlite3 wheel (`make setup` does), or use PostgreSQL.",
    )


def disk(folder: Path) -> Finding:
    existing = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    message = f"{free / GIB:.1f} GiB free for {folder}"
    if not os.access(existing, os.W_OK | os.X_OK):
        return Finding("Disk", State.MISSING, f"{existing} cannot be written.", "Choose another with --data.")
    if free < LEAST_FREE:
        return Finding("Disk", State.MISSING, f"Only {message}.", "Free some, or choose another with --data.")
    if free < COMFORTABLE_FREE:
        return Finding(
            "Disk", State.HINT, message, "A lecture needs four times its size while it is encoded."
        )
    return good("Disk", message)


def memory(settings: Settings) -> Finding:
    has = min(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), container_limit())
    workers = settings.workers or len(os.sched_getaffinity(0))
    wants = GIB // 2 + (workers + 1) * WORKER_BYTES
    message = f"{has / GIB:.1f} GiB for {workers} encoders, which need up to {wants / GIB:.1f}"
    if has < wants:
        return Finding("Memory", State.HINT, message, "Start fewer with --workers.")
    return good("Memory", message)


def container_limit(folder: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes of memory that a container may use (cgroup v2, v1); without a limit more than machines have."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            return int((folder / name).read_text())  # "max" is no number
    return 2**63


def port(settings: Settings) -> Finding:
    name = f"{settings.host}:{settings.port}"
    if holder := instance.holder(settings.run_folder, instance.UP):
        return good("Port", f"{name}; SkillStudio already runs on this data folder ({holder})")
    if reason := ports.blocked(settings.host, settings.port):
        if ports.is_ours(settings.host, settings.port):
            return good("Port", f"{name}; a SkillStudio server already listens there")
        message, _, remedy = reason.partition(". ")
        return Finding("Port", State.MISSING, f"{message}.", remedy)
    return good("Port", f"{name} is free")


def clock(data: Path, now: datetime) -> Finding:
    newest = max((path.stat().st_mtime for path in data.glob("*")), default=0.0)
    if newest > now.timestamp() + 60:
        ahead = round((newest - now.timestamp()) / 60)
        return Finding(
            "Clock",
            State.MISSING,
            f"It is {ahead} minutes behind files in the data folder: links and sessions will expire early.",
            "Set the clock of this machine.",
        )
    if sys.platform == "linux" and ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) == TIME_ERROR:
        return Finding(
            "Clock",
            State.HINT,
            f"{time.strftime('%Y-%m-%d %H:%M:%S %Z')}; not synchronised",
            "Run a time service such as systemd-timesyncd or chrony. For a container, run it on the host.",
        )
    return good("Clock", f"{time.strftime('%Y-%m-%d %H:%M:%S %Z')}, synchronised by a time service")
