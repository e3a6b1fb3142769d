"""Dependencies of pictures and attachments, and how many a lesson may have of which size."""

from dataclasses import dataclass
from typing import NamedTuple, Self

from server.services import Services
from server.uploads.spool import Spool
from storage.database.engine import Database
from storage.objects.store import ObjectStore
from storage.states import FileKind


class Limits(NamedTuple):
    size: int  # bytes of one file
    number: int  # in one lesson


@dataclass(frozen=True)
class FileContext:
    database: Database
    store: ObjectStore
    spool: Spool
    limits: dict[FileKind, Limits]

    @classmethod
    def of(cls, services: Services) -> Self:
        settings = services.settings
        limits = {
            FileKind.PICTURE: Limits(settings.max_picture_bytes, settings.max_pictures),
            FileKind.ATTACHMENT: Limits(settings.max_attachment_bytes, settings.max_attachments),
        }
        return cls(services.database, services.store, Spool(settings.upload_folder), limits)
