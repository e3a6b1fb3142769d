"""Dependencies of every upload step."""

from dataclasses import dataclass
from typing import Self

from server.services import Services
from server.uploads.spool import Spool
from storage.database.engine import Database
from storage.objects.store import ObjectStore
from transcoder.jobs.queue import Queue


@dataclass(frozen=True)
class UploadContext:
    database: Database
    store: ObjectStore
    queue: Queue
    spool: Spool
    max_upload_bytes: int  # largest original that is accepted
    days: int  # from the last byte received until an unfinished upload expires

    @classmethod
    def of(cls, services: Services) -> Self:
        settings = services.settings
        return cls(
            services.database,
            services.store,
            services.queue,
            Spool(settings.upload_folder),
            settings.max_upload_bytes,
            settings.upload_days,
        )
