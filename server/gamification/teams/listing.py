"""Putting a list of addresses into a team: a preview that writes nothing, then the list's known people."""

import asyncio
from datetime import datetime

from sqlalchemy import select

from server.accounts.people import service as people
from server.gamification.teams import members
from server.learning.enrolling import rules
from server.learning.enrolling.listing import Done, Preview, left_out
from storage.database.engine import Database
from storage.database.tables import TeamMember


async def preview(database: Database, team_id: str, data: bytes) -> Preview:
    """Use case: what `put_in` would do. Raises Invalid for a list that cannot be used."""
    read = await asyncio.to_thread(rules.read_list, data)
    async with database.read() as session:
        await members.require_own_people(session, team_id)
        accounts = await people.by_emails(session, [line.text for line in read.addresses])
        there = set(await session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team_id)))
    known = [line.text for line in read.addresses if line.text in accounts]
    return Preview(
        new=tuple(email for email in known if accounts[email].id not in there),
        already=tuple(email for email in known if accounts[email].id in there),
        left_out=left_out(read, accounts),
    )


async def put_in(database: Database, team_id: str, data: bytes, now: datetime) -> Done:
    """Use case: put the people of a list who have an account into a team. Idempotent; raises as `preview`."""
    read = await asyncio.to_thread(rules.read_list, data)
    added = await members.add(database, team_id, [line.text for line in read.addresses], now)
    return Done(len(added.added), len(added.already), len(added.unknown) + len(read.unreadable))
