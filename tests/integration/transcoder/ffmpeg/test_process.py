"""Start of media tools: exit, limits, cancellation and progress."""

import asyncio
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.fixtures.waiting import wait_until
from transcoder.ffmpeg import process
from transcoder.ffmpeg.process import Command, Kind, Limits, ProcessFailed, Progress
from transcoder.ffmpeg.tools import Tools
from transcoder.ffmpeg.wall import Wall

GENEROUS = Limits(seconds=30)
# The process and a background child each append to a file while they are alive.
# A megabyte into each of five files, by the shell alone.
FIVE_FILES = (
    "n=0; while [ $((n += 1)) -le 5 ]; do m=0; while [ $((m += 1)) -le 1000 ]; do printf %01000d 0; done "
    "> $n; done; exec sleep 30"
)
BEATING = "(while :; do echo >> child; sleep 0.02; done) & while :; do echo >> parent; sleep 0.02; done"


@pytest.fixture
def forking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sandbox of a machine without seccomp filters, in which tools can start processes."""
    monkeypatch.setattr(process.walls, "current", Wall)


def shell(script: str) -> Command:
    return Command(argv=("/bin/sh", "-c", script), purpose="test", reports=False)


def encode(tools: Tools, source: str, *options: str) -> Command:
    """Encoding in real time (-re)."""
    argv = (str(tools.ffmpeg), "-nostdin", "-hide_banner", "-re", "-f", "lavfi", "-i", source, *options)
    return Command(argv=argv, purpose="test")


async def fails(command: Command, folder: Path, limits: Limits) -> ProcessFailed:
    with pytest.raises(ProcessFailed) as failed:
        await process.run(command, folder, limits)
    return failed.value


async def beats(folder: Path) -> bool:
    return (folder / "child").exists() and (folder / "parent").exists()


async def is_still(folder: Path) -> bool:
    """Whether neither process wrote for the time of ten beats."""

    def sizes() -> list[int]:
        return [(folder / name).stat().st_size for name in ("child", "parent")]

    before = sizes()
    await asyncio.sleep(0.2)
    return sizes() == before


async def test_output_is_captured(tmp_path: Path) -> None:
    finished = await process.run(shell("echo out; echo err >&2"), tmp_path, GENEROUS)
    assert (finished.stdout, finished.stderr) == (b"out\n", "err\n")
    assert finished.seconds > 0
    assert finished.peak_rss > 0


async def test_exit_code_raises(tmp_path: Path) -> None:
    failed = await fails(shell("echo one >&2; echo two >&2; exit 3"), tmp_path, GENEROUS)
    assert (failed.kind, failed.returncode, failed.stderr) == ("exit", 3, "one\ntwo\n")
    assert str(failed) == "test: exit (3): two"


async def test_stderr_is_limited_to_its_tail(tmp_path: Path) -> None:
    failed = await fails(
        shell("n=0; while [ $((n += 1)) -lt 9000 ]; do echo complaint >&2; done; echo last >&2; exit 1"),
        tmp_path,
        GENEROUS,
    )
    assert failed.stderr.endswith("last\n")
    assert len(failed.stderr) == 64 * 1024


async def test_stdin_is_empty(tmp_path: Path) -> None:
    assert (await process.run(shell("exec cat"), tmp_path, GENEROUS)).stdout == b""


@pytest.mark.usefixtures("forking")
async def test_timeout_kills_the_process_group(tmp_path: Path) -> None:
    assert (await fails(shell(BEATING), tmp_path, Limits(seconds=1))).kind == "timeout"
    assert await is_still(tmp_path)


@pytest.mark.usefixtures("forking")
async def test_surviving_children_are_killed(tmp_path: Path) -> None:
    await process.run(shell("(while :; do echo >> child; sleep 0.02; done) & sleep 0.1"), tmp_path, GENEROUS)
    (tmp_path / "parent").touch()
    assert await is_still(tmp_path)


@pytest.mark.usefixtures("forking")
async def test_cancelling_kills_the_process_group(tmp_path: Path) -> None:
    running = asyncio.create_task(process.run(shell(BEATING), tmp_path, GENEROUS))
    await wait_until(lambda: beats(tmp_path), 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await is_still(tmp_path)


async def test_error_in_progress_callback_kills_the_process(tools: Tools, tmp_path: Path) -> None:
    def listener(progress: Progress) -> None:
        raise RuntimeError("callback failed")

    endless = encode(tools, "testsrc2=s=64x64:r=5", "-f", "null", "-")
    async with asyncio.timeout(20):
        with pytest.raises(RuntimeError, match="callback failed"):
            await process.run(endless, tmp_path, GENEROUS, listener)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("exec head -c 3000000 /dev/urandom > one", "too_much_output"),
        (FIVE_FILES, "too_much_output"),
        ("exec yes", "too_much_output"),  # unlimited stdout
        ("kill -9 $$", "killed"),
        ("kill -11 $$", "killed"),
    ],
)
async def test_limits(script: str, kind: Kind, tmp_path: Path) -> None:
    limits = Limits(seconds=20, output_bytes=2 * 2**20)
    assert (await fails(shell(script), tmp_path, limits)).kind == kind


async def test_memory_limit(tools: Tools, tmp_path: Path) -> None:
    greedy = encode(tools, "testsrc2=s=4096x4096:r=100:d=1,reverse", "-f", "null", "-")
    failed = await fails(greedy, tmp_path, Limits(seconds=30, memory_bytes=2**29))
    assert failed.kind in ("exit", "killed")
    assert "allocate memory" in failed.stderr or "Resource temporarily unavailable" in failed.stderr


async def test_stalled_process_is_killed(tools: Tools, tmp_path: Path) -> None:
    """It waits for a pipe without data."""
    os.mkfifo(tmp_path / "silence")
    argv = (str(tools.ffmpeg), "-nostdin", "-i", str(tmp_path / "silence"), "-f", "null", "-")
    failed = await fails(Command(argv=argv, purpose="test"), tmp_path, Limits(seconds=30, stall_seconds=1))
    assert failed.kind == "stalled"


async def test_progress_is_reported(tools: Tools, tmp_path: Path) -> None:
    reports: list[Progress] = []
    encoded = encode(tools, "testsrc2=s=64x64:r=10:d=2", "-c:v", "libx264", "out.mp4")
    await process.run(encoded, tmp_path, GENEROUS, reports.append)
    frames = [progress.frame for progress in reports]
    assert frames == sorted(frames)
    assert frames[-1] == 20
    assert reports[-1].out_seconds == pytest.approx(2, abs=0.2)
    assert (tmp_path / "out.mp4").exists()


async def test_concurrent_processes(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(8)]
    for folder in folders:
        folder.mkdir()
    scripts = [shell(f"echo {folder.name}; pwd") for folder in folders]
    finished = await asyncio.gather(
        *(process.run(script, folder, GENEROUS) for script, folder in zip(scripts, folders, strict=True))
    )
    assert [run.stdout.decode().split() for run in finished] == [[f.name, str(f.resolve())] for f in folders]


@pytest.mark.parametrize("ending", ["removed", "refused"])
async def test_bubblewrap_that_stops_working(
    ending: str, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs go on behind the next wall, and it is logged once. The program stands in for bubblewrap: it skips
    its options, and executes the rest."""
    program, work = tmp_path / "bin/bwrap", tmp_path / "work"
    program.parent.mkdir()
    work.mkdir()
    program.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(process, "walls", process.Walls())
    version = Command((str(tools.ffmpeg), "-version"), "version", reports=False)
    await process.run(version, work, GENEROUS)
    assert process.walls.current().bubblewrap == str(program)
    if ending == "removed":
        program.unlink()
        monkeypatch.setenv("PATH", "/nowhere")
    else:
        program.write_text("#!/bin/sh\necho bwrap: No permissions to create new namespace >&2; exit 1\n")
    with capture_logs() as logged:
        finished = await asyncio.gather(*(process.run(version, work, GENEROUS) for _ in range(3)))
    assert all(run.stdout.startswith(b"ffmpeg version") for run in finished)
    assert process.walls.current().bubblewrap == ""
    assert [line["event"] for line in logged if line["log_level"] == "warning"] == [
        "bubblewrap no longer works"
    ]


async def test_failing_command_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also behind a bubblewrap that works."""
    program = tmp_path / "bwrap"
    program.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(process, "walls", process.Walls())
    await fails(shell("echo again >> runs; exit 1"), tmp_path, GENEROUS)
    assert (tmp_path / "runs").read_text() == "again\n"
    assert process.walls.current().bubblewrap == str(program)
