"""Messages to the outside, and notices about the installation."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.messages import Message
from storage.states import NoticeState, OutboxKind, OutboxState


class OutboxMessage(Base):
    """A mail or a post to the webhook, written in the transaction that causes it (server/outbox).

    The body of a mail may hold a link that opens an account: it is blanked once it is sent or given up.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        state_check("kind", OutboxKind),
        state_check("state", OutboxState),
        Index("ix_outbox_state_next_try", "state", "next_try"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)  # part of the Message-ID
    kind: Mapped[OutboxKind]
    recipient: Mapped[str]  # email address; empty for the webhook, whose address is a setting
    subject: Mapped[str]
    body: Mapped[str]
    about: Mapped[str | None] = mapped_column(index=True)  # what it is withdrawn by, as in "invitation/ID"
    created_at: Mapped[datetime]
    state: Mapped[OutboxState] = mapped_column(default=OutboxState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[Message | None]


class Notice(Base):
    """Something that administrators are told about once when it begins and once when it is over."""

    __tablename__ = "notices"
    __table_args__ = (state_check("state", NoticeState),)

    name: Mapped[str] = mapped_column(primary_key=True)  # as in "disk@host:/srv/media"
    state: Mapped[NoticeState] = mapped_column(default=NoticeState.QUIET)
    text: Mapped[Message]  # as it was seen last
    turning_since: Mapped[datetime | None]  # since when it looks different from `state`
    began_at: Mapped[datetime | None]  # of the current or the last episode
    ended_at: Mapped[datetime | None]  # None: goes on
    seen_at: Mapped[datetime]  # last look
