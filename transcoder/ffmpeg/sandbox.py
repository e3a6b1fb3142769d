"""What a media tool may touch: its work folder to write, its inputs and the system's libraries to read.

FFmpeg parses what strangers upload. The command line allows only harmless formats and the file protocol;
this is the wall behind it, for the day a parser has a hole.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

LAUNCHER = Path(__file__).with_name("sandbox_exec.py")
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/nix/store", "/etc/ld.so.cache", "/etc/alternatives")
DEVICES = ("/dev/null", "/dev/urandom", "/sys/devices/system/cpu", "/proc/cpuinfo")
# Nothing of ours leaks in. Fewer arenas: each maps 64 MiB, and address space is what we limit.
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
    """The command that becomes `argv` behind the wall; `rlimits` are named as in `resource`.

    Start it from the thread that waits for it: the kernel kills it when that thread ends.
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
    # -I -S: no site-packages, no environment, 25 ms to start.
    return [sys.executable, "-I", "-S", str(LAUNCHER), json.dumps(spec)]


def _libraries_of(tool: Path) -> list[str]:
    """A build of one's own keeps its libraries beside it: /opt/ffmpeg/bin, /opt/ffmpeg/lib."""
    return [str(tool.parent.parent / "lib")] if tool.parent.name == "bin" else []


def _bubblewrapped(bubblewrap: str, argv: list[str], folder: Path, reads: list[str]) -> list[str]:
    binds = [word for path in reads for word in ("--ro-bind-try", path, path)]
    work = ["--bind", str(folder), str(folder), "--chdir", str(folder)]
    return [bubblewrap, *ISOLATION, *binds, *work, "--", *argv]
