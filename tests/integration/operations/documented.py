"""Set-ups of docs/operations.md, run as they are written: their commands are read from the document."""

import os
import re
import subprocess
import sys
import sysconfig
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.architecture.source import ROOT

SETUP_LINK = re.compile(r"https?://\S+/setup/\S+")
STARTS_WITHIN = 90.0  # seconds, on a loaded machine
PREAMBLE = ("export ", "set ")  # lines that the commands after them need
# What stands for it in the test, for everything that the document has to make up.
TABLE = {
    "/opt/skillstudio/.venv/bin/skillstudio": str(Path(sysconfig.get_path("scripts")) / "skillstudio"),
    "/srv/media": "{folder}/media",
    "/etc/skillstudio.env": "{folder}/skillstudio.env",
    "/var/lib/skillstudio": "{folder}/state",
    "0.0.0.0": "127.0.0.2",  # tests listen on loopback only; browsers do not take this for localhost
    "http://192.0.2.10:8000": "http://127.0.0.2:{port}",
    "https://media.example.edu": "https://127.0.0.1:{public_port}",
    "postgresql://media:password@db.example.edu/media": "{database}",
    "redis://:password@queue.example.edu:6379/0": "{queue}",
    "https://s3.example.edu": "{store}",
    "access-key": "{access_key}",
    "secret-key": "{secret_key}",
}


def blocks(heading: str) -> dict[str, list[str]]:
    """Code blocks between this heading and the next one, by language."""
    text = (ROOT / "docs" / "operations.md").read_text()
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"docs/operations.md has no section {heading!r}"
    found = defaultdict(list)
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL):
        found[language].append(block)
    return found


class Machine:
    """Working folder that is not the checkout, and what runs in it."""

    def __init__(self, folder: Path, port: int, **stands_for: str) -> None:
        self.folder, self.port = folder / "elsewhere", port
        self.folder.mkdir()
        self.log = folder / "log"
        self._table = {
            written: here.format(folder=folder, port=port, **stands_for)
            for written, here in TABLE.items()
            if set(re.findall(r"{(\w+)}", here)) <= {"folder", "port", *stands_for}
        }
        own = {name: value for name, value in os.environ.items() if not name.startswith("SKILLSTUDIO_")}
        self.environment = own | {"SKILLSTUDIO_PORT": str(port), "SKILLSTUDIO_WORKERS": "1"}
        self._processes: list[subprocess.Popen[bytes]] = []

    def here(self, text: str) -> str:
        for written, ours in self._table.items():
            text = text.replace(written, ours)
        assert ".example." not in text, f"TABLE does not say what stands for it here: {text}"
        return text

    def start(self, block: str) -> None:
        """Start each command of the block, which share what it sets."""
        lines = [line for line in self.here(block).splitlines() if line and not line.startswith("#")]
        preamble = [line for line in lines if line.startswith(PREAMBLE)]
        for line in lines:
            if line not in preamble:
                self.launch(["sh", "-c", "\n".join([*preamble, f"exec {line}"])])

    def launch(self, argv: list[str], cwd: Path | None = None) -> None:
        with self.log.open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    argv,
                    cwd=cwd or self.folder,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            )

    def finish(self, block: str) -> None:
        """Run the block's commands to their ends."""
        self.start(block)
        for process in self._processes:
            assert process.wait(STARTS_WITHIN) == 0, self.log.read_text()
        self._processes = []

    def setup_link(self) -> str:
        """Wait for the link that the installation prints."""
        deadline = time.monotonic() + STARTS_WITHIN
        while not (found := SETUP_LINK.search(self.log.read_text())):
            assert time.monotonic() < deadline, self.log.read_text()
            for process in self._processes:
                assert process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        return found[0]

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(60)
        print(self.log.read_text() if self.log.exists() else "")  # pytest shows it when the test fails


@contextmanager
def machine(folder: Path, port: int, **stands_for: str) -> Iterator[Machine]:
    made = Machine(folder, port, **stands_for)
    try:
        yield made
    finally:
        made.stop()


def unit() -> dict[str, list[str]]:
    """[Service] of docs/skillstudio.service."""
    section = (ROOT / "docs" / "skillstudio.service").read_text().partition("[Service]")[2]
    found = defaultdict(list)
    for line in section.partition("\n[")[0].splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


def confined(argv: list[str]) -> list[str]:
    """Command under the unit's restrictions."""
    return [sys.executable, str(ROOT / "tests" / "fixtures" / "confined.py"), *argv]
