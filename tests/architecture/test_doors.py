"""What only one place may do. Imports are import-linter's part (pyproject.toml); this is the rest."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import PRODUCT, ROOT, name, names_used, python_files, texts

FILES = python_files(*PRODUCT)

READS_ENVIRONMENT = {"server/settings.py", "server/app.py", "server/cli.py"}
STARTS_PROCESSES = {
    "transcoder/ffmpeg/sandbox_exec.py": "becomes the media tool, inside its limits",
    "transcoder/ffmpeg/process.py": "asks a tool what it can do",
    "transcoder/ffmpeg/process_group.py": "runs a tool",
    "server/processes/supervision/child.py": "runs our own processes",
}
STARTING = re.compile(
    r"(subprocess\.\w+|asyncio\.create_subprocess_\w+|os\.(exec|spawn|posix_spawn|fork|system|popen)\w*"
    r"|multiprocessing\.\w+|pty\.\w+)"
)
OBJECT_NAMES = re.compile(
    r"\b(originals|videos|tiles|storyboard|checks)/|\binit\.\d|\.m4s$|(poster\.jpg|normalised\.mkv)$"
)
SPELLS_FILE_NAMES = {
    "transcoder/ffmpeg/command.py": "what ffmpeg writes into a job's own folder",
    "transcoder/worker/context.py": "suffix to media type",
    "server/playback/rules.py": "the grammar of addresses; its test holds it against keys.py",
}


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        str(place)
        for path in FILES
        if name(path) not in READS_ENVIRONMENT
        for used, place in names_used(path)
        if re.fullmatch(r"os\.(environb?|getenvb?|putenv)(\..*)?", used)
    }
    assert readers == set()


def test_only_the_doors_start_processes() -> None:
    starters = {
        name(path): place for path in FILES for used, place in names_used(path) if STARTING.fullmatch(used)
    }
    assert starters.keys() <= STARTS_PROCESSES.keys(), starters


def test_only_keys_spells_object_names() -> None:
    spelled = {
        f"{place}: {text}"
        for path in FILES
        if name(path) not in {"storage/objects/keys.py", *SPELLS_FILE_NAMES}
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
def test_what_workers_load_is_light(module: str) -> None:
    """In a fresh interpreter: import-linter sees neither libraries' imports nor what is put off."""
    told = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & {"litestar", "granian", "jinja2", "minio", "alembic", "pytest"} == set()


def test_exceptions_are_needed() -> None:
    """A door that is gone leaves its list."""
    for listed in (READS_ENVIRONMENT, STARTS_PROCESSES, SPELLS_FILE_NAMES):
        assert [path for path in listed if not Path(ROOT / path).is_file()] == []
