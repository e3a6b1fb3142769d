"""Names of workers: two machines of one host name do not take each other's jobs."""

import subprocess
import sys
from pathlib import Path

from server.core.instance import machine_tag
from server.processes.worker import worker_config
from server.settings import Settings
from transcoder.jobs.queue import QUICK

TAG = """
import sys
from pathlib import Path
from server.core.instance import machine_tag
print(machine_tag(Path(sys.argv[1])))
"""


def test_processes_of_a_data_folder_agree(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", TAG, str(tmp_path / "run")]
    started = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    tags = {process.communicate(timeout=60)[0].strip() for process in started}
    assert tags == {machine_tag(tmp_path / "run")}
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["machine"]


def test_machines_of_one_name_have_different_workers(tmp_path: Path) -> None:
    def machine(folder: str) -> str:
        settings = Settings(data=tmp_path / folder, queue_url="redis://127.0.0.1:1", ffmpeg="x", ffprobe="x")
        return worker_config(settings, QUICK, "quick").machine

    assert machine("one") == machine("one")
    assert machine("one") != machine("two")
