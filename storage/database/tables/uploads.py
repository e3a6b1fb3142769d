"""Uploads in progress, and the hosts whose spools hold them."""

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
    host: Mapped[str | None]  # whose spool holds the bytes; None: a form, or before 0.2 the only server
    received: Mapped[int] = mapped_column(BigInteger, default=0)  # for other hosts to show; the spool decides
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Host(Base):
    """A machine whose web servers take uploads into its own spool."""

    __tablename__ = "hosts"

    name: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str | None]  # where servers of other hosts reach it, as in http://10.0.0.5:8000
    silent_looks: Mapped[int] = mapped_column(default=0)  # hourly, in a row, without a sign of life
