"""Account management: add, change, disable. The caller checks permissions."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import administrators, rules
from server.accounts.people import people_csv
from server.accounts.schemas import NewPerson, Person, PersonPatch
from server.accounts.signing_in import passwords
from server.accounts.signing_in.endings import end_access
from server.core.audit.recording import record_people
from server.core.errors import Conflict, NotFound
from server.core.events import person_changed
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import User
from storage.messages import N_
from storage.states import Role
from storage.states.privacy import AuditAction

LOOKUP_ADDRESSES = 500  # of one query
EMAIL_TAKEN = N_("There is already an account with this address.")


async def count(database: Database) -> dict[Role, int]:
    async with database.read() as session:
        return await counts(session)


async def counts(session: AsyncSession) -> dict[Role, int]:
    """Step: number of accounts of each role, without disabled ones."""
    rows = await session.execute(
        select(User.role, func.count()).where(User.disabled_at.is_(None)).group_by(User.role)
    )
    return dict.fromkeys(Role, 0) | dict(rows.all())


async def get(database: Database, person_id: str) -> Person:
    async with database.read() as session:
        return view(await _user(session, person_id))


async def by_email(database: Database, email: str) -> Person | None:
    async with database.read() as session:
        user = await session.scalar(select(User).where(User.email == email.strip().lower()))
        return view(user) if user else None


async def by_emails(session: AsyncSession, emails: Sequence[str]) -> dict[str, User]:
    """Step: accounts by address, some hundreds in one query. `emails` are in lower case."""
    found: dict[str, User] = {}
    for start in range(0, len(emails), LOOKUP_ADDRESSES):
        part = emails[start : start + LOOKUP_ADDRESSES]
        found |= {
            user.email: user for user in await session.scalars(select(User).where(User.email.in_(part)))
        }
    return found


async def add(database: Database, new: NewPerson, now: datetime, *, by: str | None = None) -> Person:
    """`by`: the administrator; None: a command. Raises Invalid, and Conflict when the address has an
    account."""
    person = people_csv.clean(new)
    password_hash = await passwords.hash_password(person.password) if person.password else None
    async with database.write() as session:
        person_id = new_id()
        added = await insert_new(
            session,
            User,
            key=("email",),
            id=person_id,
            email=person.email,
            name=person.name,
            role=person.role,
            password_hash=password_hash,
            created_at=now,
        )
        if not added:
            raise Conflict(EMAIL_TAKEN, fields={"email": EMAIL_TAKEN})
        user = await _user(session, person_id)
        await record_people(session, by, AuditAction.PERSON_ADDED, now, [user], {"role": user.role})
        return view(user)


async def edit(
    database: Database, person_id: str, patch: PersonPatch, now: datetime, *, by: str | None = None
) -> Person:
    """Partial update. A new password and disabling end all that gave access before.

    `by`: who changes it; None: a command. Raises Conflict when no administrator would be left.
    """
    known = await get(database, person_id)
    password_hash = await _hashed(patch.password, known.email)
    async with database.write() as session:
        before = await administrators.lock_administrators(session)
        user = await _user(session, person_id)
        was = user.name, user.role, user.disabled_at is not None
        if patch.name is not None:
            user.name = rules.clean_name(patch.name)
        if patch.role is not None:
            user.role = rules.clean_role(patch.role)
        if patch.disabled is not None:
            user.disabled_at = (user.disabled_at or now) if patch.disabled else None
        if password_hash is not None:
            user.password_hash = password_hash
        if patch.disabled or password_hash is not None:
            await end_access(session, user, now)
        await administrators.require_administrator(session, before)
        if patch.role is not None or patch.disabled is not None:
            await person_changed(session, person_id)
        if by != person_id:
            await _note(session, user, was, by, now, password=password_hash is not None)
        return view(user)


async def _note(
    session: AsyncSession,
    user: User,
    was: tuple[str, Role, bool],
    by: str | None,
    now: datetime,
    *,
    password: bool,
) -> None:
    """Step: entries of the audit log for what an administrator has changed of an account."""
    name, role, disabled = was
    is_disabled = user.disabled_at is not None
    if user.name != name:
        await record_people(session, by, AuditAction.PERSON_CHANGED, now, [user])
    if user.role != role:
        roles = {"before": role, "after": user.role}
        await record_people(session, by, AuditAction.ROLE_CHANGED, now, [user], roles)
    if is_disabled != disabled:
        action = AuditAction.PERSON_DISABLED if is_disabled else AuditAction.PERSON_ENABLED
        await record_people(session, by, action, now, [user])
    if password:
        await record_people(session, by, AuditAction.PASSWORD_SET, now, [user])


async def _hashed(password: str | None, email: str) -> str | None:
    if password is None:
        return None
    return await passwords.hash_password(rules.clean_password(password, email=email))


async def _user(session: AsyncSession, person_id: str) -> User:
    user = await session.get(User, person_id)
    if user is None or user.erased_at is not None:
        raise NotFound(N_("There is no such account."))
    return user


def view(user: User) -> Person:
    return Person(
        id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        disabled=user.disabled_at is not None,
        has_password=user.password_hash is not None,
        created_at=user.created_at,
    )
