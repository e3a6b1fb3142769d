"""Dependencies of every upload step."""

from dataclasses import dataclass, field
from typing import Self

from sqlalchemy import ColumnElement, or_

from server.core.schedule import this_host
from server.services import Services
from server.uploads.spool import Spool
from storage.database.engine import Database
from storage.database.tables import Upload
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
    host: str = field(default_factory=this_host)  # whose spool this is

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

    def holds(self, upload: Upload) -> bool:
        """Whether the upload's bytes are in this host's spool, as far as its row says."""
        return upload.host in (None, self.host)

    def held(self) -> ColumnElement[bool]:
        """`holds` as a condition on Upload."""
        return or_(Upload.host.is_(None), Upload.host == self.host)
