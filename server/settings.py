"""Settings, their origins and descriptions. Free of litestar: the worker imports it too."""

import os
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from server import addresses
from storage.objects.open import StoreConfig

PREFIX = "SKILLSTUDIO_"
QUEUE_ADDRESS_FILE = "queue.url"  # in the run folder, for commands beside a running `up`
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - names, not an address to listen on
PREPARED_FILE = "prepared.json"  # in the run folder, written by the process that prepares a start


class SettingsError(ValueError):
    """Invalid setting. `str()` is a sentence with its name and the expected value."""


MOST = 2**63 - 1


def setting(
    default: Any,
    about: str,
    *,
    secret: bool = False,
    one_of: tuple[str, ...] = (),
    least: int = 1,
    most: int = MOST,
) -> Any:
    """`one_of`, `least` and `most` bound what a text or a number may be."""
    told = {"about": about, "secret": secret, "one_of": one_of, "least": least, "most": most}
    return field(default=default, metadata=told)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Each field is the variable SKILLSTUDIO_<NAME>; empty addresses mean "inside the data folder"."""

    data: Path = setting(Path("data"), "Folder for all data on this machine.")
    host: str = setting("127.0.0.1", "Address the web server listens on.")
    port: int = setting(8000, "Port the web server listens on.", most=65_535)
    base_url: str = setting(
        "", "Public address, as in https://media.example.edu; empty: http://localhost:PORT."
    )
    internal_url: str = setting(
        "",
        "Address at which servers on other machines reach this one, as in http://10.0.0.5:8000; empty: "
        "http://HOST:PORT, with the machine's name for 0.0.0.0.",
    )
    workers: int = setting(0, "Encoding processes on this machine; 0: one per core.", least=0, most=256)
    database_url: str = setting(
        "",
        "Address of a PostgreSQL server, as in postgresql://name:password@host/database; "
        "empty: SQLite in the data folder.",
        secret=True,
    )
    queue_url: str = setting("", "Redis or Valkey address; empty: `up` starts Valkey itself.", secret=True)
    s3_endpoint: str = setting("", "Address of an S3 store, as in http://minio:9000; empty: a folder.")
    s3_bucket: str = setting("skillstudio", "Bucket on the S3 store.")
    s3_region: str = setting("us-east-1", "Region to sign for.")
    s3_access_key: str = setting("", "Access key of the S3 store.", secret=True)
    s3_secret_key: str = setting("", "Secret key of the S3 store.", secret=True)
    s3_public_endpoint: str = setting(
        "", "Address of the S3 store as upload clients reach it; empty: s3_endpoint."
    )
    max_upload_bytes: int = setting(50 * 10**9, "Largest accepted original, in bytes.")
    max_attachment_bytes: int = setting(200 * 10**6, "Largest accepted attachment of a lesson, in bytes.")
    max_attachments: int = setting(50, "Attachments that a lesson may have.", most=1000)
    max_picture_bytes: int = setting(10 * 10**6, "Largest accepted picture in a text, in bytes.")
    max_pictures: int = setting(100, "Pictures that a lesson's text may have.", most=1000)
    proxies: int = setting(
        0, "Number of reverse proxies in front whose X-Forwarded-For is trusted.", least=0, most=10
    )
    upload_days: int = setting(2, "Days after which an unfinished upload expires.", most=3650)
    scratch_bytes: int = setting(
        100 * 10**9, "Limit of the workers' copies of originals on this machine, in bytes."
    )
    edge_bytes: int = setting(
        20 * 10**9, "Limit of the server's cache of segments from an S3 store on this machine, in bytes."
    )
    ffmpeg: str = setting("", "ffmpeg to use; empty: PATH if new enough, else the bundled one.")
    ffprobe: str = setting("", "ffprobe to use; empty: PATH if new enough, else the bundled one.")
    log_level: str = setting(
        "info", "debug, info, warning or error.", one_of=("debug", "info", "warning", "error")
    )
    log_format: str = setting("text", "text or json.", one_of=("text", "json"))
    server_processes: int = setting(1, "Web server processes on this machine; they share the port.", most=256)
    smtp_url: str = setting(
        "",
        "Mail server, as in smtp://name:password@host:587?starttls, smtps://name:password@host or "
        "smtp://host; empty: no mail is sent.",
        secret=True,
    )
    mail_from: str = setting("", "Sender of mails, as in Media <media@example.edu>; needed for mails.")
    language: str = setting(
        "",
        "Language of mails and notices, en or de; empty: that of the administrator who sends an invitation, "
        "the institution's for notices.",
        one_of=("", "en", "de"),
    )
    webhook_url: str = setting(
        "",
        "Address that notices for administrators are posted to as JSON with a field `text`, as Mattermost, "
        "Rocket.Chat and Slack accept it; empty: none.",
        secret=True,
    )
    webhook_secret: str = setting(
        "", "Key of the webhook's signature (HMAC-SHA256); empty: no signature.", secret=True
    )
    disk_warning_bytes: int = setting(
        20 * 10**9,
        "Free space below which administrators are warned of a full disk, in bytes; 0: never.",
        least=0,
    )

    @property
    def public_url(self) -> str:
        return (self.base_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def internal_address(self) -> str:
        host = platform.node() if self.host in EVERY_ADDRESS else self.host
        host = f"[{host}]" if ":" in host else host
        return (self.internal_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        """Address for SQLAlchemy."""
        return addresses.database(self.database_url) or f"sqlite+aiosqlite:///{self.database_file.absolute()}"

    @property
    def database_file(self) -> Path:
        """SQLite file, used when no database is configured."""
        return self.data / "skillstudio.db"

    @property
    def queue(self) -> str:
        """Queue address. Raises SettingsError when none is set and `up` has not started one here."""
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
        """Upload spool, on the objects' file system, so that finishing an upload is a rename."""
        return self.data / "uploads"

    @property
    def scratch_folder(self) -> Path:
        return self.data / "scratch"

    @property
    def edge_folder(self) -> Path:
        return self.data / "edge"

    @property
    def run_folder(self) -> Path:
        """State of the running processes: sockets, locks, the local queue's address."""
        return self.data / "run"

    @property
    def log_folder(self) -> Path:
        return self.data / "logs"


def child_environment(settings: Settings) -> dict[str, str]:
    """Environment of a child process: this process's own, plus these settings for the child to load."""
    ours = {PREFIX + item.name.upper(): str(getattr(settings, item.name)) for item in fields(Settings)}
    return {**os.environ, **ours, "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}


def load(environment: Mapping[str, str] = os.environ, **given: Any) -> tuple[Settings, dict[str, str]]:
    """Settings and, for each, its origin: "default", "environment" or "command line".

    Raises SettingsError with a sentence naming the variable and the expected value.
    """
    _check_names(environment)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for item in fields(Settings):
        name = PREFIX + item.name.upper()
        if given.get(item.name) is not None:
            values[item.name], origins[item.name] = given[item.name], "command line"
        elif environment.get(name):
            values[item.name], origins[item.name] = _parse(name, environment[name], item), "environment"
        else:
            origins[item.name] = "default"
        if allowed := item.metadata["one_of"]:
            values[item.name] = _one_of(name, values.get(item.name, item.default), allowed)
    # Absolute: processes that are started from it work in other folders.
    values["data"] = Path(values.get("data", Settings.data)).expanduser().absolute()
    _check_addresses(values)
    return Settings(**values), origins


def _one_of(name: str, text: str, allowed: tuple[str, ...]) -> str:
    if text.lower() not in allowed:
        shown = [value for value in allowed if value]
        raise SettingsError(f"{name} should be {', '.join(shown[:-1])} or {shown[-1]}, not {text!r}.")
    return text.lower()


def _check_addresses(values: Mapping[str, Any]) -> None:
    checks: dict[str, Callable[[str], object]] = {
        "database_url": addresses.database,
        "base_url": addresses.site,
        "internal_url": addresses.site,
        "smtp_url": addresses.mail_server,
        "mail_from": addresses.sender,
        "webhook_url": addresses.webhook,
    }
    for name, check in checks.items():
        try:
            if text := values.get(name):
                check(text)
        except ValueError as wrong:
            raise SettingsError(f"{PREFIX}{name.upper()} {wrong}") from None
    if values.get("smtp_url") and not values.get("mail_from"):
        raise SettingsError(f"{PREFIX}MAIL_FROM {addresses.SENDER} {PREFIX}SMTP_URL needs it.")


def _parse(name: str, text: str, item: "Field[Any]") -> Any:
    if isinstance(item.default, Path):
        return Path(text)
    if not isinstance(item.default, int):
        return text
    least, most = item.metadata["least"], item.metadata["most"]
    number = int(text) if re.fullmatch(r"\s*-?[0-9]{1,19}\s*", text) else None
    if number is None:
        raise SettingsError(f"{name} should be a whole number, not {text[:80]!r}.")
    if not least <= number <= most:
        bounds = f"of at least {least}" if most == MOST else f"from {least} to {most}"
        raise SettingsError(f"{name} should be a number {bounds}, not {number}.")
    return number


def _check_names(environment: Mapping[str, str]) -> None:
    """A misspelled name would leave its default in force without a word."""
    known = {item.name.upper() for item in fields(Settings)}
    for name in sorted(environment):
        own = name.removeprefix(PREFIX)
        if name.startswith(PREFIX) and own not in known:
            near = get_close_matches(own, known, 1, 0.6)
            meant = f" Did you mean {PREFIX}{near[0]}?" if near else " `skillstudio settings` lists them."
            raise SettingsError(f"There is no setting {name}.{meant}")


def without_password(address: str) -> str:
    """Address without its credentials, for display: `redis://:secret@host/0` as `redis://host/0`."""
    return re.sub(r"(?<=://)[^/]*@", "", address)
