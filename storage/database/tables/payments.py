"""Payments: facts that are never changed. A mistake is taken back by a row of its own."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.database.base import Base, new_id, state_check
from storage.states import PaymentKind


class Payment(Base):
    """Money that was paid or given back, and what happened to recurring payments.

    `refers_to`: of a refund what it gives back, of a charge or a change its recurring payment, of a void row
    what it takes back; currency, payer and course are copied from there.
    """

    __tablename__ = "payments"
    __table_args__ = (
        state_check("kind", PaymentKind),
        CheckConstraint("amount >= 0", name="amount"),
        UniqueConstraint("source", "external_id"),
        Index("ix_payments_at", "at", "id"),
        Index("ix_payments_local_day", "local_day", "currency"),
        Index("ix_payments_kind", "kind", "at", "id"),
        Index("ix_payments_currency", "currency", "at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[PaymentKind]
    source: Mapped[str]  # system that `external_id` comes from
    external_id: Mapped[str]  # a second row with the same one is not written
    at: Mapped[datetime]
    local_day: Mapped[str]  # of the institution, written with the fact: 2026-11-27
    amount: Mapped[int] = mapped_column(BigInteger, default=0)  # minor units; 0: it names none
    currency: Mapped[str]  # ISO 4217
    # What it adds to the revenue of its day, in minor units: negative for refunds, 0 without money.
    revenue: Mapped[int] = mapped_column(BigInteger, default=0)
    refers_to: Mapped[str | None] = mapped_column(ForeignKey("payments.id"), index=True)
    email: Mapped[str] = mapped_column(default="", index=True)  # of the payer; empty: unknown
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    course_id: Mapped[str | None] = mapped_column(ForeignKey("courses.id", ondelete="SET NULL"), index=True)
    months: Mapped[int | None]  # of a period; recurring, changed
    trial_end: Mapped[datetime | None]  # recurring; None: no trial
    free_months: Mapped[int | None]  # recurring: after the trial; free: from `at` on
    until: Mapped[datetime | None]  # cancelled: end of the period, where billing names it
    # recurring: each period is booked as it begins; void: not by a person
    automatic: Mapped[bool] = mapped_column(default=False)
    zone: Mapped[str] = mapped_column(default="")  # recurring: time zone that its months are counted in
    note: Mapped[str] = mapped_column(default="")  # a reason, or what it was for
    search_key: Mapped[str] = mapped_column(default="")  # of payer, reference and note
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
