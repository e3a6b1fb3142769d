"""Lookup of ffmpeg and ffprobe, and its error messages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from transcoder.ffmpeg.tools import (
    ENCODERS,
    FILTERS,
    Tools,
    ToolsMissing,
    describe,
    find_tools,
    major_version,
)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Empty cache of `find_tools` before and after each test."""
    find_tools.cache_clear()
    yield
    find_tools.cache_clear()


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def fake_ffmpeg(folder: Path, version: str, parts: tuple[str, ...] = (*ENCODERS, *FILTERS)) -> Path:
    answers = f'*-version) echo "ffmpeg version {version} Copyright";; *) echo "{" ".join(parts)}";;'
    script = f'case "$*" in {answers} esac'
    return program(folder, "ffmpeg", script)


def test_installed_tools_are_suitable(tools: Tools) -> None:
    report = describe(tools)
    assert report.missing == ()
    assert "libx264" in report.encoders
    assert report.ffmpeg_version
    assert report.ffprobe_version


def test_setting_precedes_path(tmp_path: Path) -> None:
    named = fake_ffmpeg(tmp_path, "8.0.1")
    assert find_tools(ffmpeg=str(named)).ffmpeg == named


def test_suitable_tool_on_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fake_ffmpeg(tmp_path, "7.1-1+b1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert find_tools().ffmpeg == found


@pytest.mark.parametrize(
    ("version", "parts"),
    [("5.1.9-0+deb12u1", (*ENCODERS, *FILTERS)), ("8.0", ("libx264",))],
    ids=["old", "incomplete"],
)
def test_bundled_tools_replace_unsuitable_ones(
    version: str, parts: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tools: Tools
) -> None:
    unsuitable = fake_ffmpeg(tmp_path, version, parts)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert find_tools().ffmpeg != unsuitable
    assert find_tools().ffmpeg.exists()


@pytest.mark.parametrize(
    ("version", "parts", "sentence"),
    [
        ("5.1.9", (*ENCODERS, *FILTERS), "is version 5.1.9, older than 7."),
        ("8.0", ("libx264", *FILTERS), "lacks aac."),
        ("", (), "does not run."),
    ],
)
def test_unsuitable_setting_is_refused(
    version: str, parts: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    named = fake_ffmpeg(tmp_path, version, parts)
    with pytest.raises(ToolsMissing) as missing:
        find_tools(ffmpeg=str(named))
    assert str(missing.value) == f"SKILLSTUDIO_FFMPEG names {named}, which {sentence}"


def test_setting_without_a_program_is_refused() -> None:
    with pytest.raises(ToolsMissing, match="there is no such program"):
        find_tools(ffprobe="/nowhere/ffprobe")


@pytest.mark.parametrize(
    ("text", "major"), [("7.1.1-1+b1", 7), ("n9.0.2-17-g2a57", 9), ("N-118193-g5f5", None), ("", None)]
)
def test_major_version(text: str, major: int | None) -> None:
    assert major_version(text) == major
