"""Start of media tools: exit, limits, cancellation and progress."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.fixtures.waiting import wait_until
from transcoder.ffmpeg import process
from transcoder.ffmpeg.process import Command, Kind, Limits, ProcessFailed, Progress
from transcoder.ffmpeg.tools import Tools

GENEROUS = Limits(seconds=30)
# The process and a background child each append to a file while they are alive.
BEATING = "(while :; do echo >> child; sleep 0.02; done) & while :; do echo >> parent; sleep 0.02; done"


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
        shell("yes complaint | head -c 1000000 >&2; echo last >&2; exit 1"), tmp_path, GENEROUS
    )
    assert failed.stderr.endswith("last\n")
    assert len(failed.stderr) == 64 * 1024


async def test_stdin_is_empty(tmp_path: Path) -> None:
    assert (await process.run(shell("cat"), tmp_path, GENEROUS)).stdout == b""


async def test_timeout_kills_the_process_group(tmp_path: Path) -> None:
    assert (await fails(shell(BEATING), tmp_path, Limits(seconds=1))).kind == "timeout"
    assert await is_still(tmp_path)


async def test_surviving_children_are_killed(tmp_path: Path) -> None:
    await process.run(shell("(while :; do echo >> child; sleep 0.02; done) & sleep 0.1"), tmp_path, GENEROUS)
    (tmp_path / "parent").touch()
    assert await is_still(tmp_path)


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
        ("for n in 1 2 3 4 5; do head -c 900000 /dev/urandom > $n; done; sleep 30", "too_much_output"),
        ("yes", "too_much_output"),  # unlimited stdout
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
