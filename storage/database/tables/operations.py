"""What operators decide for the whole installation, and the originals that its age limit removes."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, state_check
from storage.states import OriginalState


class OperatorSettings(Base):
    """Operators' decisions that hold on every machine: one row, made by the first decision."""

    __tablename__ = "operator_settings"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    originals_days: Mapped[int | None]  # days after which an original is removed; None: kept
    maintenance_since: Mapped[datetime | None]  # None: no maintenance
    maintenance_until: Mapped[datetime | None]  # expected end, for people; nothing ends by itself
    maintenance_message: Mapped[str] = mapped_column(default="")


class OriginalRemoval(Base):
    """The original of a ready revision that the age limit has reached. Without a row it is stored."""

    __tablename__ = "original_removals"
    __table_args__ = (state_check("state", OriginalState),)

    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[OriginalState]
    marked_at: Mapped[datetime]
    changed_at: Mapped[datetime]  # when it was marked, kept or removed
