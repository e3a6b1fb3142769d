"""Prometheus metrics of requests, added up over all web server processes of a data folder.

The processes share a port, so each scrape reaches another one. They count in files of one slot each, in the
run folder: a process that starts again takes a free slot and counts on in its file.
"""

import fcntl
import os
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # the label's values
OTHER = "other"
SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)
KINDS = (
    "counter",
    "histogram",
)  # one file each in a slot; MultiProcessCollector reads the kind from its name
FILE_BYTES = 2**16  # written whole: a full disk is an error at the start, not a SIGBUS at a request

log = structlog.get_logger(__name__)


class RequestMetrics:
    """Requests answered and their durations. Without a folder, those of this process only."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder, self._open = folder, ExitStack()
        usual = values.ValueClass
        if folder:
            slot = _take_slot(folder, self._open)
            values.ValueClass = _shared_value(folder, slot, self._open)
        try:
            self._make()
        finally:
            values.ValueClass = usual

    def close(self) -> None:
        """Leave the slot to the next process."""
        self._open.close()

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


def _shared_value(folder: Path, slot: int, opened: ExitStack) -> Any:
    """Class of values in the slot's files, as prometheus_client wants it. Its own finds the folder in the
    environment and names files by process id, so that every restart would add some."""
    files = {kind: MmapedDict(str(_file(folder, kind, slot))) for kind in KINDS}  # type: ignore[no-untyped-call]
    for file in files.values():
        opened.callback(file.close)
    lock = Lock()

    class SharedValue:
        _multiprocess = True

        def __init__(
            self, kind: str, metric: str, name: str, labels: Any, values: Any, about: str, **_other: Any
        ) -> None:
            self._file, self._key = files[kind], mmap_key(metric, name, labels, values, about)
            self._value: float = self._file.read_value(self._key)[0]  # type: ignore[no-untyped-call]

        def inc(self, amount: float) -> None:
            with lock:
                self._value += amount
                self._file.write_value(self._key, self._value, 0.0)  # type: ignore[no-untyped-call]

        def get(self) -> float:
            return self._value

    return SharedValue


def _file(folder: Path, kind: str, slot: int) -> Path:
    return folder / f"{kind}_{slot}.db"


def _take_slot(folder: Path, opened: ExitStack) -> int:
    """Lowest number that no other process of the folder has; the kernel releases it however this one ends.

    Whoever finds all numbers free removes the files: their series may be those of another version.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    entrance = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(entrance, fcntl.LOCK_EX)
        if not any(_is_held(path) for path in folder.glob("*.slot")):
            for path in folder.glob("*.db"):
                path.unlink()
        slot = 0
        while (handle := _held(folder / f"{slot}.slot")) is None:
            slot += 1
        opened.callback(os.close, handle)
        for kind in KINDS:
            if not (path := _file(folder, kind, slot)).exists():
                _write_whole(path)
        return slot
    except OSError:
        opened.close()
        raise
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
