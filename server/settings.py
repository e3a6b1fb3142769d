"""Every setting, where it came from, and how it is shown. Free of litestar: the worker reads it too."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from storage.objects.open import StoreConfig

PREFIX = "SKILLSTUDIO_"
QUEUE_ADDRESS_FILE = "queue.url"  # in the run folder, for the commands that join a running `up`
PREPARED_FILE = "prepared.json"  # in the run folder, from the process that prepares a start


class SettingsError(ValueError):
    """`str()` is a sentence naming the setting and what it should hold."""


def setting(default: Any, about: str, *, secret: bool = False, one_of: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"about": about, "secret": secret, "one_of": one_of})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Each field is the variable SKILLSTUDIO_<NAME>; empty addresses mean "inside the data folder"."""

    data: Path = setting(Path("data"), "Folder for everything this machine keeps.")
    host: str = setting("127.0.0.1", "Address the web server listens on.")
    port: int = setting(8000, "Port the web server listens on.")
    base_url: str = setting(
        "", "Public address, as in https://media.example.edu; empty: http://localhost:PORT."
    )
    workers: int = setting(0, "Encoding processes on this machine; 0: one a core.")
    database_url: str = setting("", "SQLAlchemy address; empty: SQLite in the data folder.", secret=True)
    queue_url: str = setting("", "Redis or Valkey address; empty: `up` starts Valkey itself.", secret=True)
    s3_endpoint: str = setting("", "Address of an S3 store, as in http://minio:9000; empty: a folder.")
    s3_bucket: str = setting("skillstudio", "Bucket on the S3 store.")
    s3_region: str = setting("us-east-1", "Region to sign for.")
    s3_access_key: str = setting("", "Access key of the S3 store.", secret=True)
    s3_secret_key: str = setting("", "Secret key of the S3 store.", secret=True)
    s3_public_endpoint: str = setting(
        "", "Address of the S3 store as upload clients reach it; empty: s3_endpoint."
    )
    max_upload_bytes: int = setting(50 * 10**9, "Largest original that is accepted.")
    proxies: int = setting(0, "Reverse proxies in front whose X-Forwarded-For is believed.")
    upload_days: int = setting(2, "Days after which an unfinished upload is dropped.")
    scratch_bytes: int = setting(100 * 10**9, "Most that workers keep of originals on this machine.")
    edge_bytes: int = setting(
        20 * 10**9, "Most that the server keeps of segments of an S3 store on this machine."
    )
    ffmpeg: str = setting("", "ffmpeg to use; empty: PATH if new enough, else the bundled one.")
    ffprobe: str = setting("", "ffprobe to use; empty: PATH if new enough, else the bundled one.")
    log_level: str = setting(
        "info", "debug, info, warning or error.", one_of=("debug", "info", "warning", "error")
    )
    log_format: str = setting("text", "text or json.", one_of=("text", "json"))
    server_processes: int = setting(1, "Web server processes on this machine; they share the port.")

    @property
    def public_url(self) -> str:
        return (self.base_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.database_file.resolve()}"

    @property
    def database_file(self) -> Path:
        """Of the one-box set-up."""
        return self.data / "skillstudio.db"

    @property
    def queue(self) -> str:
        """Raises SettingsError when no queue is named and `up` has not started one here."""
        local = self.run_folder / QUEUE_ADDRESS_FILE
        if self.queue_url or local.is_file():
            return self.queue_url or local.read_text().strip()
        raise SettingsError(
            f"There is no queue: start `skillstudio up` with the data folder {self.data}, "
            f"or name a Redis or Valkey server in {PREFIX}QUEUE_URL."
        )

    @property
    def objects(self) -> StoreConfig:
        names = ("endpoint", "bucket", "region", "access_key", "secret_key", "public_endpoint")
        return StoreConfig(
            folder=self.objects_folder, **{f"s3_{name}": getattr(self, f"s3_{name}") for name in names}
        )

    @property
    def objects_folder(self) -> Path:
        return self.data / "objects"

    @property
    def upload_folder(self) -> Path:
        """Unfinished uploads. On the objects' file system, so that a finished one is a rename."""
        return self.data / "uploads"

    @property
    def scratch_folder(self) -> Path:
        return self.data / "scratch"

    @property
    def edge_folder(self) -> Path:
        return self.data / "edge"

    @property
    def run_folder(self) -> Path:
        """What belongs to the processes that run now: sockets, locks, the local queue's address."""
        return self.data / "run"

    @property
    def log_folder(self) -> Path:
        return self.data / "logs"


def child_environment(settings: Settings) -> dict[str, str]:
    """This process's environment, with these settings for a child of ours to load."""
    ours = {PREFIX + item.name.upper(): str(getattr(settings, item.name)) for item in fields(Settings)}
    return {**os.environ, **ours, "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}


def load(environment: Mapping[str, str] = os.environ, **given: Any) -> tuple[Settings, dict[str, str]]:
    """Settings and, for each, its origin: "default", "environment" or "command line".

    Raises SettingsError with a sentence naming the variable and what it should hold.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for item in fields(Settings):
        name = PREFIX + item.name.upper()
        if given.get(item.name) is not None:
            values[item.name], origins[item.name] = given[item.name], "command line"
        elif environment.get(name):
            values[item.name], origins[item.name] = (
                _parse(name, environment[name], item.default),
                "environment",
            )
        else:
            origins[item.name] = "default"
        if allowed := item.metadata["one_of"]:
            values[item.name] = _one_of(name, values.get(item.name, item.default), allowed)
    _check_address(PREFIX + "BASE_URL", values.get("base_url", ""))
    return Settings(**values), origins


def _one_of(name: str, text: str, allowed: tuple[str, ...]) -> str:
    if text.lower() not in allowed:
        raise SettingsError(f"{name} should be {', '.join(allowed[:-1])} or {allowed[-1]}, not {text!r}.")
    return text.lower()


def _check_address(name: str, text: str) -> None:
    """Pages and cookies stand at the root of one host, so a path is refused as well."""
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        whole = False
    if text and not (whole and parts.path in ("", "/") and not parts.query and not parts.fragment):
        raise SettingsError(
            f"{name} should be an address without a path, as in https://media.example.edu, not {text!r}."
        )


def _parse(name: str, text: str, default: Any) -> Any:
    if isinstance(default, Path):
        return Path(text)
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{name} should be a whole number, not {text!r}.") from None
    return text


def without_password(address: str) -> str:
    """An address as it may be shown: `redis://:secret@host/0` as `redis://host/0`."""
    return re.sub(r"(?<=://)[^/]*@", "", address)
