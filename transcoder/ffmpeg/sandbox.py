"""Sandbox of the media tools: the work folder is writable, inputs and system libraries are readable.

FFmpeg parses untrusted uploads. The command line allows only self-contained formats and the file
protocol; the sandbox limits what an exploited parser can reach.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

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
    rlimits: dict[str, int],
    nice: int = 0,
    bubblewrap: str | None = None,
) -> list[str]:
    """Command that enters the sandbox and then executes `argv`; `rlimits` are named as in `resource`.

    Start it from a thread that outlives it: the kernel kills it when the starting thread ends.
    """
    tool = Path(argv[0]).resolve()
    reads = [*SYSTEM, *_libraries_of(tool), str(tool), *map(str, inputs)]
    inner = [str(tool), *argv[1:]]
    spec = {
        "argv": _bubblewrapped(bubblewrap, inner, folder, reads) if bubblewrap else inner,
        "bubblewrap": bool(bubblewrap),
        "parent": os.getpid(),
        "nice": nice,
        "rlimits": rlimits,
        "reads": [*reads, *DEVICES],
        "writes": [str(folder), "/dev/null"],
    }
    # -I -S: no site-packages, no environment variables; starts in 25 ms.
    return [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(spec)]


def _libraries_of(tool: Path) -> list[str]:
    """Library folder of a custom build, beside its bin: /opt/ffmpeg/bin, /opt/ffmpeg/lib."""
    return [str(tool.parent.parent / "lib")] if tool.parent.name == "bin" else []


def _bubblewrapped(bubblewrap: str, argv: list[str], folder: Path, reads: list[str]) -> list[str]:
    binds = [word for path in reads for word in ("--ro-bind-try", path, path)]
    work = ["--bind", str(folder), str(folder), "--chdir", str(folder)]
    return [bubblewrap, *ISOLATION, *binds, *work, "--", *argv]
