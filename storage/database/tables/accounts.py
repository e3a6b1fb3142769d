"""People, sessions, tokens, and the institution."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, validates

from storage.database.base import Base, new_id, state_check
from storage.database.search import search_default, search_key
from storage.states import Role


class User(Base):
    __tablename__ = "users"
    __table_args__ = (
        state_check("role", Role),
        Index("ix_users_role", "role", "created_day", "disabled_at"),  # learners are counted from it
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)  # kept in lower case
    name: Mapped[str]
    search_key: Mapped[str] = mapped_column(default=search_default("name", "email"))
    role: Mapped[Role]
    password_hash: Mapped[str | None]  # argon2id; None: cannot sign in with a password
    created_at: Mapped[datetime]
    created_day: Mapped[str | None] = mapped_column(index=True)  # local day, a label; None: not noted yet
    disabled_at: Mapped[datetime | None]
    # Of a person who is being erased, and of the pseudonym, without a name, that keeps what counts of them.
    erased_at: Mapped[datetime | None]

    @validates("name", "email")
    def _fold(self, column: str, value: str) -> str:
        texts = {"name": self.name, "email": self.email} | {column: value}
        self.search_key = search_key(*filter(None, texts.values()))
        return value


class UserSession(Base):
    """A signed-in browser. Only the hash of the cookie's id is stored."""

    __tablename__ = "sessions"

    id_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class ApiToken(Base):
    """A Bearer token for programs. Only its hash is stored."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Invitation(Base):
    """A link by which a person chooses a password. Only the hash of its token is stored."""

    __tablename__ = "invitations"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Institution(Base):
    """The institution that runs this server: one row."""

    __tablename__ = "institution"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str] = mapped_column(default="SkillStudio")
    time_zone: Mapped[str] = mapped_column(default="UTC")  # IANA name
    day_start_hour: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(default="en")  # where the browser asks for none that there is
    accent: Mapped[str] = mapped_column(default="")  # colour as in #0d6078; empty: the product's
    accent_dark: Mapped[str] = mapped_column(default="")  # of the dark scheme; empty: a lighter accent
    logo: Mapped[str | None]  # id of its object
    logo_type: Mapped[str | None]  # media type
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime | None]
    setup_token_hash: Mapped[str | None]  # None once the first administrator exists


class ServerKey(Base):
    """A signing key, made at first use and shared by every server process."""

    __tablename__ = "server_keys"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    purpose: Mapped[str] = mapped_column(index=True)  # "media-token", "upload-form"
    value: Mapped[str]  # 64 hex digits
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class SignInFailure(Base):
    """A sign-in attempt that has not succeeded. Rows older than the window are deleted."""

    __tablename__ = "sign_in_failures"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account: Mapped[str] = mapped_column(index=True)  # digest of the typed email address
    address: Mapped[str] = mapped_column(index=True)  # network address
    at: Mapped[datetime] = mapped_column(index=True)
