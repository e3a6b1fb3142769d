"""Scheduled tasks."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base
from storage.messages import Message


class ScheduledTask(Base):
    """A task of server/core/schedule.py: when it is due, and how it went last time.

    `fence` rises with every run; a scheduler whose lease ran out cannot end a later run.
    """

    __tablename__ = "scheduled_tasks"

    name: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]  # None: not running
    fence: Mapped[int] = mapped_column(default=0)
    last_started: Mapped[datetime | None]
    last_ended: Mapped[datetime | None]
    last_result: Mapped[Message | None]  # of the last run that ended well, for Administer
    last_error: Mapped[str | None]  # of the last run, None when it ended well
