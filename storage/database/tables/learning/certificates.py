"""Certificates of completed courses, and which courses give them."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from storage.database.base import Base, new_id
from storage.database.search import search_default, search_key


class CertificateSettings(Base):
    """What a course's certificates say. A course without a row gives none."""

    __tablename__ = "certificate_settings"

    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True)
    given: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(default="")  # below the title of the course
    hours: Mapped[float | None]  # of work, as stated by the instructor
    changed_at: Mapped[datetime]


class Certificate(Base):
    """A frozen snapshot: what is changed later in the account, the course or its settings is not in it.

    The course is a plain id, so that a deleted course keeps what its learners have.
    """

    __tablename__ = "certificates"
    __table_args__ = (UniqueConstraint("user_id", "course_id", name="uq_certificates_user_course"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)  # in its public address, without hyphens
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    course_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]  # of the learner
    search_key: Mapped[str] = mapped_column(default=search_default("name"))
    institution: Mapped[str]
    course_title: Mapped[str]
    course_version: Mapped[int]
    text: Mapped[str]
    hours: Mapped[float | None]
    day: Mapped[str]  # YYYY-MM-DD, local day of the completion
    lessons: Mapped[int]  # result: lessons that were required then, every one completed
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    revocation_reason: Mapped[str | None]  # for the learner and those who teach the course

    @validates("name")
    def _fold(self, _column: str, name: str) -> str:
        self.search_key = search_key(name)
        return name
