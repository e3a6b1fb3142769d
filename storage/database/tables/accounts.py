"""People, how they sign in, and the institution they belong to."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id

ROLES = ("learner", "instructor", "administrator")


class User(Base):
    __tablename__ = "users"
    __table_args__ = (CheckConstraint("role IN ('learner', 'instructor', 'administrator')", name="role"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)  # kept in lower case
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]  # argon2id; None: cannot sign in with a password
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class UserSession(Base):
    """A signed-in browser. The cookie holds the id; only its hash is kept."""

    __tablename__ = "sessions"

    id_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class ApiToken(Base):
    """A Bearer token for programs; only its hash is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Institution(Base):
    """One row: who runs this server."""

    __tablename__ = "institution"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str] = mapped_column(default="SkillStudio")
    time_zone: Mapped[str] = mapped_column(default="UTC")  # IANA name
    day_start_hour: Mapped[int] = mapped_column(default=0)
    setup_token_hash: Mapped[str | None]  # None once the first administrator exists


class ServerKey(Base):
    """Secrets made at first start and shared by every server process."""

    __tablename__ = "server_keys"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    purpose: Mapped[str] = mapped_column(index=True)  # "media-token", "upload-form"
    value: Mapped[str]  # 64 hex digits
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class SignInFailure(Base):
    """One try that did not succeed, or not yet. Rows older than the window are dropped."""

    __tablename__ = "sign_in_failures"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account: Mapped[str] = mapped_column(index=True)  # digest of the address that was typed
    address: Mapped[str] = mapped_column(index=True)  # of the network
    at: Mapped[datetime] = mapped_column(index=True)
