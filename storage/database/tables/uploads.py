"""Uploads in progress."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.states import UploadState


class Upload(Base):
    """One upload of a file to a lesson. Its id is the tus upload's id."""

    __tablename__ = "uploads"
    __table_args__ = (state_check("state", UploadState),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    s3_key: Mapped[str] = mapped_column(unique=True)  # of the stored object, originals/…
    filename: Mapped[str]
    content_type: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)  # bytes announced; None when unknown
    state: Mapped[UploadState] = mapped_column(default=UploadState.OPEN)
    host: Mapped[str | None]  # whose spool holds the bytes; None before 0.2: that of the only server
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
