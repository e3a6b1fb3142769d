"""What lessons hold besides video: texts, their pictures, and attachments; and who has opened a text."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.states import FileKind


class LessonText(Base):
    """Text of a text lesson; the row is made by the first save."""

    __tablename__ = "lesson_texts"

    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True)
    markdown: Mapped[str] = mapped_column(default="")
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)  # of what a form edits; a save names the one it read


class LessonFile(Base):
    """Picture or attachment. Its object is `storage.objects.keys.lesson_file`."""

    __tablename__ = "lesson_files"
    __table_args__ = (state_check("kind", FileKind),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"), index=True)
    kind: Mapped[FileKind]
    name: Mapped[str]  # under which it is downloaded
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    sha256: Mapped[str]  # hex digest: the same file sent again is not stored again
    position: Mapped[int]  # among the lesson's files of this kind, from 0
    created_at: Mapped[datetime]


class LessonReading(Base):
    """When a learner opened a text lesson; those who teach it have no row."""

    __tablename__ = "lesson_readings"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    lesson_id: Mapped[str] = mapped_column(
        ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
