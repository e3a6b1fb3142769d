"""Set-up link: creates the first administrator, once. There is no default password."""

from datetime import datetime
from functools import partial

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts import rules
from server.accounts.administrators import NO_ADMINISTRATOR
from server.accounts.identity import Viewer
from server.accounts.people.service import EMAIL_TAKEN
from server.accounts.signing_in import passwords, sessions
from server.accounts.signing_in.service import SignedIn
from server.core.errors import Conflict, Gone, all_valid
from server.core.security import digest, new_secret
from server.institution import rules as institution_rules
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import Institution, User
from storage.messages import N_
from storage.states import Role

LINK_USED = N_(
    "This set-up link is no longer valid. If this server has an administrator, sign in."
    " If not, start SkillStudio again: it prints a new link in its last lines."
)


async def ensure_setup_link(database: Database) -> str | None:
    """Path as in "/setup/…" until an administrator exists; then None.

    Each call replaces the link, since only the hash of the last token is stored.
    """
    async with database.write() as session:
        institution = await session.get(Institution, 1)
        if institution is None:
            institution = Institution(id=1)
            session.add(institution)
        if not await session.scalar(select(NO_ADMINISTRATOR)):
            institution.setup_token_hash = None
            return None
        token = new_secret()
        institution.setup_token_hash = digest(token)
        return f"/setup/{token}"


async def has_administrator(database: Database) -> bool:
    async with database.read() as session:
        return not await session.scalar(select(NO_ADMINISTRATOR))


async def is_open(database: Database, token: str) -> bool:
    """Whether the set-up link with this token is valid."""
    async with database.read() as session:
        stored = await session.scalar(select(Institution.setup_token_hash).where(NO_ADMINISTRATOR))
    return stored is not None and stored == digest(token)


async def complete(
    database: Database,
    token: str,
    *,
    email: str,
    name: str,
    password: str,
    institution: str | None = None,
    time_zone: str | None = None,
    now: datetime,
) -> SignedIn:
    """Create the administrator, once, and sign them in.

    Raises Invalid, Conflict when the address has an account, and Gone for a used link.
    """
    if not await is_open(database, token):
        raise Gone(LINK_USED)  # before the password hash, which is slow
    checks = {
        "name": partial(rules.clean_name, name),
        "email": partial(rules.clean_email, email),
        "password": partial(rules.clean_password, password, email=email),
    }
    if institution is not None:
        checks["institution"] = partial(institution_rules.clean_name, institution)
    if time_zone is not None:
        checks["time_zone"] = partial(institution_rules.clean_time_zone, time_zone)
    valid = all_valid(checks)
    password_hash = await passwords.hash_password(valid["password"])
    async with database.write() as session:
        await _use_link(session, token, valid)
        viewer = Viewer(id=new_id(), email=valid["email"], name=valid["name"], role=Role.ADMINISTRATOR)
        values = msgspec.structs.asdict(viewer) | {"password_hash": password_hash, "created_at": now}
        if not await insert_new(session, User, key=("email",), **values):
            raise Conflict(EMAIL_TAKEN, fields={"email": EMAIL_TAKEN})
        secret = await sessions.start(session, viewer.id, replacing=None, now=now)
    return SignedIn(viewer, secret)


async def _use_link(session: AsyncSession, token: str, valid: dict[str, str]) -> None:
    """Invalidate the link and save the institution's settings.

    The update locks the row, so that of two concurrent requests only one finds the hash. Raises Gone.
    """
    columns = {"institution": "name", "time_zone": "time_zone"}
    settings = {column: valid[field] for field, column in columns.items() if field in valid}
    updated = await session.execute(
        update(Institution)
        .where(Institution.id == 1, Institution.setup_token_hash == digest(token), NO_ADMINISTRATOR)
        .values({"setup_token_hash": None} | settings)
        .returning(Institution.id)
    )
    if updated.scalar_one_or_none() is None:
        raise Gone(LINK_USED)
