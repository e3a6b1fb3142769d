"""Sandbox of the media tools: the work folder is writable, inputs and system libraries are readable.

FFmpeg parses untrusted uploads. The command line allows only self-contained formats and the file
protocol; the sandbox limits what an exploited parser can reach.
"""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from transcoder.ffmpeg import seccomp
from transcoder.ffmpeg.wall import Wall

LAUNCHER = Path(__file__).with_name("sandbox_exec.py")
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/nix/store", "/etc/ld.so.cache", "/etc/alternatives")
DEVICES = ("/dev/null", "/dev/urandom", "/sys/devices/system/cpu", "/proc/cpuinfo")
# Replaces our own environment. Fewer malloc arenas, because each maps 64 MiB and RLIMIT_AS counts it.
ENVIRONMENT = {"LC_ALL": "C", "MALLOC_ARENA_MAX": "4"}
ISOLATION = ("--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--dev", "/dev", "--proc", "/proc")


def confine(
    argv: Sequence[str],
    *,
    folder: Path,
    inputs: Sequence[Path],
    rlimits: Mapping[str, int],
    wall: Wall,
    nice: int = 0,
) -> list[str]:
    """Command that enters the sandbox and then executes `argv`; `rlimits` are named as in `resource`.

    It fails when a layer of `wall` cannot be entered. Start it from a thread that outlives it: the kernel
    kills it when the starting thread ends.
    """
    tool = Path(argv[0]).resolve()
    programs = [*SYSTEM, *_libraries_of(tool), str(tool)]
    reads = [*map(str, inputs), *DEVICES]
    command = [str(tool), *argv[1:]]
    outer = bool(wall.bubblewrap)
    if outer:
        command = _bubblewrapped(wall.bubblewrap, command, folder, [*programs, *map(str, inputs)])
    return _launch(
        argv=command,
        bubblewrap=outer,
        nice=nice,
        rlimits=dict(rlimits),
        programs=programs,
        reads=reads,
        writes=[str(folder), "/dev/null"],
        filter=_filter(own_namespace=outer) if wall.seccomp else [],
        required={"seccomp": wall.seccomp, **({} if outer else {"landlock": wall.landlock})},
    )


def survey() -> list[str]:
    """Command that prints the layers it could enter, as JSON with the fields of `Wall`."""
    return _launch(
        argv=[],
        bubblewrap=False,
        nice=0,
        rlimits={},
        programs=SYSTEM,
        reads=DEVICES,
        writes=[],
        filter=_filter(own_namespace=False),
        required={},
    )


def tasks_on_machine(loadavg: Path = Path("/proc/loadavg")) -> int | None:
    """Number of threads of all users; None where the kernel does not say. See proc_loadavg(5)."""
    try:
        return int(loadavg.read_text().split()[3].partition("/")[2])
    except (OSError, ValueError, IndexError):
        return None


def _launch(**spec: object) -> list[str]:
    # -I -S: no site-packages, no environment variables; starts in 25 ms.
    return [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps({"parent": os.getpid(), **spec})]


@cache
def _filter(*, own_namespace: bool) -> list[seccomp.Instruction]:
    return seccomp.program(platform.machine(), own_namespace=own_namespace)


def _libraries_of(tool: Path) -> list[str]:
    """Library folder of a custom build, beside its bin: /opt/ffmpeg/bin, /opt/ffmpeg/lib."""
    return [str(tool.parent.parent / "lib")] if tool.parent.name == "bin" else []


def _bubblewrapped(bubblewrap: str, argv: list[str], folder: Path, reads: Sequence[str]) -> list[str]:
    binds = [word for path in reads for word in ("--ro-bind-try", path, path)]
    work = ["--bind", str(folder), str(folder), "--chdir", str(folder)]
    return [bubblewrap, *ISOLATION, *binds, *work, "--", *argv]
