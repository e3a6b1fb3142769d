"""Objects that are scheduled for deletion."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base


class ObjectDeletion(Base):
    """Written in the transaction that deletes the rows; the objects go later (storage/deletions.py)."""

    __tablename__ = "object_deletions"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(index=True)
