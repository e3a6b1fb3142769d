"""How learners get into a course without its instructors."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, state_check
from storage.states import EnrolmentMode


class EnrolmentWay(Base):
    """Way into one course. A course without a row has only its instructors, who may always enrol people."""

    __tablename__ = "enrolment_ways"
    __table_args__ = (state_check("mode", EnrolmentMode),)

    course_id: Mapped[str] = mapped_column(ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True)
    mode: Mapped[EnrolmentMode] = mapped_column(default=EnrolmentMode.INSTRUCTOR)
    code: Mapped[str | None] = mapped_column(unique=True)  # of the mode "code" alone, without hyphens
    changed_at: Mapped[datetime]
