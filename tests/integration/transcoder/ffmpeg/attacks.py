"""Hostile Python programs in place of FFmpeg, inside its sandbox."""

import sys
from pathlib import Path

from transcoder.ffmpeg import process
from transcoder.ffmpeg.process import Command, Finished, Limits

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


async def attack(script: str, folder: Path, *argv: str, limits: Limits = LIMITS) -> Finished:
    command = (sys.executable, "-I", "-S", "-c", TRY + script, *argv)
    return await process.run(Command(command, "attack", reports=False), folder, limits)
