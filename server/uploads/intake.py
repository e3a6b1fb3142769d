"""What every step of an upload needs at hand."""

from dataclasses import dataclass
from typing import Self

from server.settings import Settings
from server.uploads.spool import Spool
from storage.database.engine import Database
from storage.objects.store import ObjectStore
from transcoder.queue import Queue


@dataclass(frozen=True)
class Intake:
    database: Database
    store: ObjectStore
    queue: Queue
    spool: Spool
    limit_bytes: int  # largest original that is accepted
    days: int  # until an unfinished upload is dropped, from its last byte

    @classmethod
    def of(cls, settings: Settings, database: Database, store: ObjectStore, queue: Queue) -> Self:
        spool = Spool(settings.upload_folder)
        return cls(database, store, queue, spool, settings.max_upload_bytes, settings.upload_days)
