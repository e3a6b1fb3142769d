"""Single-module boundaries that import-linter (pyproject.toml) cannot check."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import PRODUCT, ROOT, name, names_used, python_files, texts

FILES = python_files(*PRODUCT)

READS_ENVIRONMENT = {"server/settings.py", "server/app.py", "server/cli.py"}
STARTS_PROCESSES = {
    "transcoder/ffmpeg/sandbox_exec.py": "replaces itself by the media tool, in the sandbox",
    "transcoder/ffmpeg/process.py": "queries a tool's version and features",
    "transcoder/ffmpeg/process_group.py": "runs media tools",
    "server/processes/supervision/child.py": "runs the product's processes",
}
PROCESS_CALLS = re.compile(
    r"(subprocess\.\w+|asyncio\.create_subprocess_\w+|os\.(exec|spawn|posix_spawn|fork|system|popen)\w*"
    r"|multiprocessing\.\w+|pty\.\w+)"
)
OBJECT_NAMES = re.compile(
    r"\b(originals|videos|tiles|storyboard|checks)/|\binit\.\d|\.m4s$|((poster|thumbnail)\.jpg|normalised\.mkv)$"
)
SPELLS_OBJECT_NAMES = {
    "transcoder/ffmpeg/command.py": "files that ffmpeg writes in a job's scratch folder",
    "transcoder/worker/context.py": "suffix to media type",
    "server/playback/rules.py": "grammar of media addresses; its test compares it with keys.py",
}


def test_only_settings_read_the_environment() -> None:
    readers = {
        str(place)
        for path in FILES
        if name(path) not in READS_ENVIRONMENT
        for used, place in names_used(path)
        if re.fullmatch(r"os\.(environb?|getenvb?|putenv)(\..*)?", used)
    }
    assert readers == set()


def test_processes_start_in_listed_modules_only() -> None:
    starters = {
        name(path): place
        for path in FILES
        for used, place in names_used(path)
        if PROCESS_CALLS.fullmatch(used)
    }
    assert starters.keys() <= STARTS_PROCESSES.keys(), starters


def test_object_names_are_spelled_in_keys_only() -> None:
    spelled = {
        f"{place}: {text}"
        for path in FILES
        if name(path) not in {"storage/objects/keys.py", *SPELLS_OBJECT_NAMES}
        for text, place in texts(path)
        if OBJECT_NAMES.search(text)
    }
    assert spelled == set()


@pytest.mark.parametrize(
    "module",
    [
        "transcoder.worker.process",
        "server.processes.worker",
        "server.processes.scheduler",
        "server.processes.supervision.supervisor",
        "server.cli",
    ],
)
def test_worker_modules_do_not_load_the_web_framework(module: str) -> None:
    """In a fresh interpreter: import-linter sees neither imports of libraries nor late imports."""
    script = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & {"litestar", "granian", "jinja2", "minio", "alembic", "pytest"} == set()


def test_listed_exceptions_exist() -> None:
    """A removed module is removed from its list too."""
    for listed in (READS_ENVIRONMENT, STARTS_PROCESSES, SPELLS_OBJECT_NAMES):
        assert [path for path in listed if not Path(ROOT / path).is_file()] == []
