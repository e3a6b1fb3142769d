"""Indexed copy of an original, because chunks start with a seek."""

import asyncio
from itertools import pairwise
from pathlib import Path

from transcoder.ffmpeg import command, process
from transcoder.ffmpeg.process import Limits
from transcoder.ffmpeg.tools import Tools
from transcoder.media import Source

BLOCK = 2**20


async def normalised(tools: Tools, original: Path, source: Source, folder: Path, limits: Limits) -> Path:
    """Copy in the folder; of several recordings in one file, one after the other. Raises ProcessFailed."""
    if not source.pieces:
        await process.run(command.normalise(tools, original, source), folder, limits)
        return folder / command.NORMALISED_FILE
    parts: list[str] = []
    for begin, end in pairwise((*source.pieces, source.bytes)):
        place = folder / f"piece{len(parts)}"
        place.mkdir()
        piece = place / "piece"
        await asyncio.to_thread(_copy, original, begin, end, piece)
        await process.run(command.normalise(tools, piece, source), place, limits)
        piece.unlink()
        parts.append(f"file '{place.name}/{command.NORMALISED_FILE}'\n")
    listed = folder / "pieces.txt"
    listed.write_text("".join(parts))
    await process.run(command.join(tools, listed), folder, limits)
    return folder / command.NORMALISED_FILE


def _copy(original: Path, begin: int, end: int, piece: Path) -> None:
    with original.open("rb") as source, piece.open("wb") as copy:
        source.seek(begin)
        left = end - begin
        while block := source.read(min(BLOCK, left)):
            copy.write(block)
            left -= len(block)
