"""Import and export of the questions of a quiz."""

import asyncio
from datetime import datetime
from types import ModuleType

import msgspec
from msgspec import UNSET, UnsetType

from server.accounts.identity import Viewer
from server.core.errors import Invalid
from server.learning.quizzes import service
from server.learning.quizzes.formats import gift, moodle_xml
from server.learning.quizzes.formats.imports import Imported
from server.learning.quizzes.model import QuizContent
from server.library.access import lesson_for_teaching
from storage.database.engine import Database
from storage.messages import N_

FORMATS: dict[str, ModuleType] = {"gift": gift, "moodle_xml": moodle_xml}
SUFFIXES = {"gift": "gift.txt", "moodle_xml": "xml"}
MEDIA_TYPES = {"gift": "text/plain; charset=utf-8", "moodle_xml": "application/xml"}
UNKNOWN = N_("The format is either gift or moodle_xml.")


def check_format(name: str) -> str:
    if name not in FORMATS:
        raise Invalid(UNKNOWN, fields={"format": UNKNOWN})
    return name


async def add(
    database: Database,
    viewer: Viewer,
    lesson_id: str,
    moment: float | None,
    text: str,
    now: datetime,
    *,
    format: str,  # noqa: A002 - the parameter's name in the API
    leave_out: bool = False,
    revision: int | UnsetType = UNSET,
) -> tuple[Imported, bool]:
    """Use case: add the questions of a file at the end, and whether they were added.

    Nothing is while one of them cannot be imported, unless the caller chose to leave those out.
    """
    check_format(format)
    async with database.read() as session:
        await lesson_for_teaching(session, viewer, lesson_id)
    imported: Imported = await asyncio.to_thread(FORMATS[format].read, text)  # seconds for 2 MB
    if not imported.questions or (imported.faults and not leave_out):
        return imported, False

    def append(content: QuizContent) -> QuizContent:
        return msgspec.structs.replace(content, questions=(*content.questions, *imported.questions))

    await service.save(database, viewer, lesson_id, moment, append, now, revision=revision)
    return imported, True


def export(content: QuizContent, name: str) -> str:
    """The questions as a file of this format."""
    text: str = FORMATS[check_format(name)].write(content.questions)
    return text
