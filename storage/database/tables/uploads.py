"""Files on their way in."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id


class Upload(Base):
    """One file that somebody means to give us. Its id is the tus upload's id."""

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'received', 'stored', 'expired', 'cancelled')", name="state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    s3_key: Mapped[str] = mapped_column(unique=True)  # where the bytes will land: originals/…
    filename: Mapped[str]
    content_type: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)  # bytes announced; None when unknown
    state: Mapped[str] = mapped_column(default="open")  # received: all bytes are here, not yet in the store
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
