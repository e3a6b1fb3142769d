"""Prometheus metrics of requests, added up over all web server processes of a data folder.

The processes share a port, so each scrape reaches another one. They count in files of one slot each, in the
run folder: a process that starts again takes a free slot and counts on in its file.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # the label's values
OTHER = "other"
SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client when a value is made
FILE_BYTES = 2**16  # written whole: a full disk is an error at the start, not a SIGBUS at a request

log = structlog.get_logger(__name__)


class RequestMetrics:
    """Requests answered and their durations. Without a folder, those of this process only."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        usual = values.ValueClass
        if folder:
            self._slot = _Slot(folder)
            os.environ[FOLDER_VARIABLE] = str(folder)
            values.ValueClass = values.MultiProcessValue(lambda: self._slot.number)  # type: ignore[no-untyped-call]
        try:
            self._make()
        finally:
            values.ValueClass = usual
            os.environ.pop(FOLDER_VARIABLE, None)

    def _make(self) -> None:
        """Every labelled value as well, so that all are made by the same class."""
        self._registry = CollectorRegistry()
        requests = Counter(
            "skillstudio_requests", "Requests answered.", ["method", "status"], registry=self._registry
        )
        statuses = [f"{hundred}xx" for hundred in range(1, 6)]
        self._requests = {
            (method, status): requests.labels(method, status)
            for method in sorted({*METHODS, OTHER})
            for status in statuses
        }
        self._seconds = Histogram(
            "skillstudio_request_seconds",
            "From the first byte of a request to the end of its response.",
            buckets=SECONDS,
            registry=self._registry,
        )

    def count(self, method: str, status: int, seconds: float) -> None:
        self._requests[method if method in METHODS else OTHER, f"{status // 100}xx"].inc()
        self._seconds.observe(seconds)

    def exposition(self) -> bytes:
        """Prometheus text format."""
        if not self._folder:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(together)


def shared_metrics(folder: Path) -> RequestMetrics:
    """Metrics that other processes of the folder add to; of this process alone where it cannot be written."""
    try:
        return RequestMetrics(folder)
    except OSError as error:
        log.warning("requests are counted for this process only", reason=str(error))
        return RequestMetrics()


class _Slot:
    """Lowest number that no other process of the folder has; released by the kernel when this one ends.

    Whoever finds all numbers free removes the files: their series may be those of another version.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        entrance = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(entrance, fcntl.LOCK_EX)
            if not any(_is_held(path) for path in folder.glob("*.slot")):
                for path in folder.glob("*.db"):
                    path.unlink()
            self.number = 0
            while (handle := _held(folder / f"{self.number}.slot")) is None:
                self.number += 1
            self._handle = handle  # open until the process ends
            for kind in ("counter", "histogram"):
                if not (path := folder / f"{kind}_{self.number}.db").exists():
                    _write_whole(path)
        finally:
            os.close(entrance)


def _held(path: Path) -> int | None:
    """Handle of the lock, or None when another process has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _is_held(path: Path) -> bool:
    handle = _held(path)
    if handle is not None:
        os.close(handle)
    return handle is None


def _write_whole(path: Path) -> None:
    try:
        path.write_bytes(bytes(FILE_BYTES))
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
