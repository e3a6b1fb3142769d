"""The first start: a one-time link makes the first administrator. There is no default password."""

from datetime import datetime
from functools import partial

import msgspec
from sqlalchemy import select, update

from server.accounts import rules
from server.accounts.administrators import NOBODY_YET
from server.accounts.identity import Viewer
from server.accounts.people.service import TAKEN
from server.accounts.signing_in import passwords, sessions
from server.accounts.signing_in.service import SignedIn
from server.core.errors import Conflict, Gone, all_valid
from server.core.security import digest, new_secret
from server.institution import rules as institution_rules
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.insert import insert_new
from storage.database.tables import Institution, User

USED = (
    "This set-up link does not count any more. If this server has an administrator, sign in."
    " If not, start SkillStudio again: the new link stands in its last lines."
)


async def ensure_setup_link(database: Database) -> str | None:
    """A path to open, as in "/setup/…", until an administrator exists; then None.

    Each call replaces the link, since only the hash of the last one is kept.
    """
    async with database.write() as session:
        institution = await session.get(Institution, 1)
        if institution is None:
            institution = Institution(id=1)
            session.add(institution)
        if not await session.scalar(select(NOBODY_YET)):
            institution.setup_token_hash = None
            return None
        token = new_secret()
        institution.setup_token_hash = digest(token)
        return f"/setup/{token}"


async def has_administrator(database: Database) -> bool:
    async with database.read() as session:
        return not await session.scalar(select(NOBODY_YET))


async def is_open(database: Database, token: str) -> bool:
    """Whether the set-up page should be shown for this token."""
    async with database.read() as session:
        kept = await session.scalar(select(Institution.setup_token_hash).where(NOBODY_YET))
    return kept is not None and kept == digest(token)


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
    """Make the administrator, once, and sign them in.

    Raises Invalid, Conflict when the address has an account, and Gone for a used link.
    """
    if not await is_open(database, token):
        raise Gone(USED)  # before the hash, which takes its time
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
    columns = {"institution": "name", "time_zone": "time_zone"}
    kept = {column: valid[field] for field, column in columns.items() if field in valid}
    async with database.write() as session:
        spent = await session.execute(
            update(Institution)
            .where(Institution.id == 1, Institution.setup_token_hash == digest(token), NOBODY_YET)
            .values({"setup_token_hash": None} | kept)
            .returning(Institution.id)
        )
        # The update locks the row, so that of two posts at once only one finds the hash.
        if spent.scalar_one_or_none() is None:
            raise Gone(USED)
        viewer = Viewer(id=new_id(), email=valid["email"], name=valid["name"], role=rules.ADMINISTRATOR)
        values = msgspec.structs.asdict(viewer) | {"password_hash": password_hash, "created_at": now}
        if not await insert_new(session, User, key=("email",), **values):
            raise Conflict(TAKEN, fields={"email": TAKEN})
        secret = await sessions.start(session, viewer.id, replacing=None, now=now)
    return SignedIn(viewer, secret)
