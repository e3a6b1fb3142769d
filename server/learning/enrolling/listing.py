"""Enrolment of a list of addresses: a preview that writes nothing, then the list's known people."""

import asyncio
from collections.abc import Container
from datetime import datetime

import msgspec
from sqlalchemy import select

from server.accounts.identity import Viewer
from server.accounts.people import service as people
from server.learning.enrolling import rules
from server.learning.enrolling.rules import AddressList
from server.library import access, enrolments
from storage.database.engine import Database
from storage.database.tables import Enrolment
from storage.messages import Message

SHOWN = 200  # lines that are left out, on the page


class LeftOut(msgspec.Struct, frozen=True):
    """Line that enrols nobody."""

    line: int
    text: str
    reason: Message


class Preview(msgspec.Struct, frozen=True):
    """What a list would do."""

    new: tuple[str, ...]  # addresses
    already: tuple[str, ...]
    left_out: tuple[LeftOut, ...]  # in the order of the list


class Done(msgspec.Struct, frozen=True):
    """Numbers of people and of lines."""

    added: int
    already: int
    left_out: int


async def preview(database: Database, viewer: Viewer, course_id: str, data: bytes) -> Preview:
    """Use case: what `enrol` would do. Raises Invalid for a list that cannot be used."""
    async with database.read() as session:
        await access.course_for_teaching(session, viewer, course_id)
    read = await asyncio.to_thread(rules.read_list, data)
    async with database.read() as session:
        await access.course_for_teaching(session, viewer, course_id)
        accounts = await people.by_emails(session, [line.text for line in read.addresses])
        enrolled = set(
            await session.scalars(
                select(Enrolment.user_id).where(Enrolment.course_id == course_id, access.LIVE)
            )
        )
    known = [line.text for line in read.addresses if line.text in accounts]
    return Preview(
        new=tuple(email for email in known if accounts[email].id not in enrolled),
        already=tuple(email for email in known if accounts[email].id in enrolled),
        left_out=left_out(read, accounts),
    )


async def enrol(database: Database, viewer: Viewer, course_id: str, data: bytes, now: datetime) -> Done:
    """Use case: enrol the people of a list who have an account. Idempotent; raises as `preview` does."""
    read = await asyncio.to_thread(rules.read_list, data)
    addresses = [line.text for line in read.addresses]
    added = await enrolments.add(database, viewer, course_id, addresses, now)
    return Done(len(added.added), len(added.already), len(added.unknown) + len(read.unreadable))


def left_out(read: AddressList, accounts: Container[str]) -> tuple[LeftOut, ...]:
    """Lines of a list that name nobody with an account, in their order."""
    unknown = [line for line in read.addresses if line.text not in accounts]
    lines = [LeftOut(line.number, line.text, Message(rules.UNKNOWN)) for line in unknown]
    lines += [LeftOut(line.number, line.text, Message(rules.NO_ADDRESS)) for line in read.unreadable]
    return tuple(sorted(lines, key=lambda item: item.line))
