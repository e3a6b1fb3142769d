"""Looks at what administrators want to know of: disks, queue, object store, workers."""

import asyncio
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from server.encoding.repair.telling import damaged
from server.operations.health import Health
from server.operations.notices.rules import Look, is_low
from server.services import Services
from server.settings import Settings
from storage.expected import has_strangers
from storage.messages import N_, byte_size, message
from storage.objects.store import ObjectStore

PATIENCE = timedelta(minutes=3)  # restarts and updates are no news
STORE = "store"
CHECKS = {
    "queue": (
        N_("The queue does not answer. Uploaded lectures wait until it does."),
        N_("The queue answers again."),
    ),
    "objects": (
        N_("The object store does not work. Lectures can neither be uploaded nor played."),
        N_("The object store works again."),
    ),
    "workers": (N_("No worker takes jobs. Uploaded lectures wait."), N_("Workers take jobs again.")),
}


async def at_disks(settings: Settings, host: str) -> list[Look]:
    """One look at each file system of this machine that SkillStudio writes to."""
    return [
        _at_space(f"disk@{host}:{folder}", free, settings, f"{host}, {folder}")
        for folder, free in (await asyncio.to_thread(_free_bytes, settings)).items()
    ]


def _free_bytes(settings: Settings) -> dict[Path, int]:
    """By the first folder on each file system."""
    folders = (
        settings.data,
        settings.objects_folder,
        settings.scratch_folder,
        settings.upload_folder,
        settings.edge_folder,
    )
    found: dict[int, tuple[Path, int]] = {}
    for folder in folders:
        if folder.is_dir():
            found.setdefault(folder.stat().st_dev, (folder, shutil.disk_usage(folder).free))
    return dict(found.values())


async def at_services(services: Services, now: datetime) -> list[Look]:
    """Health checks that last; and the store's space, where it reports it and is no disk of this machine."""
    checks = await Health(services).checks(now)
    looks = [
        Look(name, not checks[name].ok, message(text), message(over), PATIENCE)
        for name, (text, over) in CHECKS.items()
    ]
    async with services.database.read() as session:
        looks.append(_at_lectures(await damaged(session)))
        looks.append(await _at_strangers(session, services.store, works=checks["objects"].ok))
    if services.settings.s3_endpoint and checks["objects"].ok:
        free = await services.store.free_bytes()
        if free is not None:
            place = services.settings.s3_endpoint
            looks.append(_at_space(STORE, free, services.settings, place))
    return looks


async def _at_strangers(session: AsyncSession, store: ObjectStore, *, works: bool) -> Look:
    """Step."""
    return Look(
        "strangers",
        await has_strangers(session, store) if works else None,
        message(
            N_(
                "The object store has files, and the database is new and knows none of them. Was the "
                "database lost? Stop, and restore the one that belongs to them."
            )
        ),
        message(N_("The database knows the files of the object store.")),
        PATIENCE,
    )


def _at_lectures(count: int) -> Look:
    return Look(
        "lectures",
        count > 0,
        message(
            N_(
                "Videos that are damaged and could not be made whole: %(count)s. Their lessons' "
                "pages say why; skillstudio doctor --video names the places."
            ),
            count=count,
        ),
        message(N_("No video is damaged any more.")),
    )


def _at_space(key: str, free: int, settings: Settings, place: str) -> Look:
    size = byte_size(free)
    return Look(
        key,
        is_low(free, settings.disk_warning_bytes),
        message(N_("The disk is filling up: %(size)s are free (%(place)s)."), size=size, place=place),
        message(
            N_("There is room on the disk again: %(size)s are free (%(place)s)."), size=size, place=place
        ),
    )
