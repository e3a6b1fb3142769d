"""Import of a list of people: a preview that writes nothing, and the import in short transactions.

An import that is interrupted is run again with the same list. Passwords that people have are never replaced.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import administrators
from server.accounts.people import people_csv
from server.accounts.people.service import by_emails
from server.accounts.schemas import Imported, NewPerson, PersonChange, Preview
from server.accounts.signing_in import passwords
from server.accounts.signing_in.endings import end_access
from server.core.audit.recording import record, record_people
from server.core.events import person_changed
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.insert import insert_new_rows
from storage.database.search import search_key
from storage.database.tables import User
from storage.states import Role
from storage.states.privacy import AuditAction

SHOWN = 5  # people in the preview, by whom columns and accents are judged
IMPORTED_AT_ONCE = 250  # people of one transaction
# Between two transactions: a process that waits for SQLite's lock looks again every 0.1 s at the latest.
PAUSE_SECONDS = 0.12


async def preview(database: Database, data: bytes) -> Preview:
    """What an import would do. Raises Invalid and Conflict as `import_csv` does."""
    read = await asyncio.to_thread(people_csv.read, data)
    if read.problems:
        return Preview(0, 0, 0, problems=read.problems)
    async with database.read() as session:
        known = await by_emails(session, [person.email for person in read.people])
        await _require_administrator(session, read.people, known)
    new = [person for person in read.people if person.email not in known]
    changes = [
        PersonChange(person.email, user.name, person.name, user.role, Role(person.role))
        for person in read.people
        if (user := known.get(person.email)) and _differs(user, person)
    ]
    return Preview(
        added=len(new),
        changed=len(changes),
        unchanged=len(read.people) - len(new) - len(changes),
        first=read.people[:SHOWN],
        changes=tuple(changes),
        new_administrators=tuple(person.name for person in new if person.role == Role.ADMINISTRATOR),
    )


async def import_csv(database: Database, data: bytes, now: datetime, *, by: str | None = None) -> Imported:
    """Nothing while any line is wrong; idempotent. A password is set only for accounts without one.

    Raises Invalid when the list is unusable, and Conflict when no administrator would be left.
    """
    read = await asyncio.to_thread(people_csv.read, data)
    if read.problems:
        return Imported(0, 0, 0, read.problems)
    async with database.read() as session:
        known = await by_emails(session, [person.email for person in read.people])
        await _require_administrator(session, read.people, known)
    hashes = await _hash_all(read.people, known)
    # Administrators first, so that no transaction ends without one.
    people = sorted(read.people, key=lambda person: person.role != Role.ADMINISTRATOR)
    added = changed = 0
    for start in range(0, len(people), IMPORTED_AT_ONCE):
        if start:
            await asyncio.sleep(PAUSE_SECONDS)
        part = people[start : start + IMPORTED_AT_ONCE]
        async with database.write() as session:
            more = await _write(session, part, hashes, now, by)
        added, changed = added + more[0], changed + more[1]
    return Imported(added, changed, len(people) - added - changed)


async def _write(
    session: AsyncSession,
    people: Sequence[NewPerson],
    hashes: Mapping[str, str],
    now: datetime,
    by: str | None,
) -> tuple[int, int]:
    """Step: numbers of people added and changed."""
    before = await administrators.lock_administrators(session)
    rows = [_row(person, hashes.get(person.email), now) for person in people]
    new = {email for (email,) in await insert_new_rows(session, User, rows, key=("email",))}
    known = await by_emails(session, [person.email for person in people if person.email not in new])
    changed = 0
    for person in people:
        if user := known.get(person.email):
            changed += await _update(session, user, person, hashes.get(person.email), now, by)
    await administrators.require_administrator(session, before)
    if new or changed:
        counts = {"added": len(new), "changed": changed}
        await record(session, by, AuditAction.PEOPLE_IMPORTED, now, data=counts)
    return len(new), changed


def _row(person: NewPerson, password_hash: str | None, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "email": person.email,
        "name": person.name,
        "search_key": search_key(person.name, person.email),
        "role": person.role,
        "password_hash": password_hash,
        "created_at": now,
    }


async def _update(
    session: AsyncSession,
    user: User,
    person: NewPerson,
    password_hash: str | None,
    now: datetime,
    by: str | None,
) -> bool:
    """Whether anything changed."""
    changed = False
    if (user.name, user.role) != (person.name, person.role):  # an equal name would be folded again
        moved, changed, before = user.role != person.role, True, user.role
        user.name, user.role = person.name, Role(person.role)
        if moved:
            await person_changed(session, user.id)
            roles = {"before": before, "after": user.role}
            await record_people(session, by, AuditAction.ROLE_CHANGED, now, [user], roles)
    if user.password_hash is None and password_hash is not None:
        user.password_hash = password_hash
        await end_access(session, user, now)
        changed = True
    return changed


def _differs(user: User, person: NewPerson) -> bool:
    gets_password = user.password_hash is None and person.password is not None
    return (user.name, user.role) != (person.name, person.role) or gets_password


async def _require_administrator(
    session: AsyncSession, people: Sequence[NewPerson], known: Mapping[str, User]
) -> None:
    """Step: raises Conflict, before anything is written, when the list leaves no administrator."""
    active = set(await session.scalars(select(User.email).where(administrators.ACTIVE_ADMINISTRATOR)))
    left = set(active)
    for person in people:
        user = known.get(person.email)
        enters = person.password or (user is not None and user.password_hash)
        if person.role == Role.ADMINISTRATOR and enters and not (user and user.disabled_at):
            left.add(person.email)
        elif person.role != Role.ADMINISTRATOR:
            left.discard(person.email)
    if active and not left:
        raise administrators.none_left()


async def _hash_all(people: Sequence[NewPerson], known: Mapping[str, User]) -> dict[str, str]:
    """Hashes by email address, for people without a password. Before the transactions: hashing is slow."""
    wanted = [
        person
        for person in people
        if person.password and not (person.email in known and known[person.email].password_hash)
    ]
    limit = asyncio.Semaphore(4)  # 19 MiB of memory per hash

    async def hashed(person: NewPerson) -> tuple[str, str]:
        async with limit:
            return person.email, await passwords.hash_password(person.password or "")

    return dict(await asyncio.gather(*map(hashed, wanted)))
