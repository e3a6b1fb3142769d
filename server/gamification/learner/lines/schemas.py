"""Lines of the XP ledger with their reasons, as JSON and as template variables."""

from datetime import datetime

import msgspec


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    at: datetime  # of what it is for
    day: str  # YYYY-MM-DD, in the institution's time zone
    rule: str  # as in lesson_completed
    name: str  # of the rule
    reason: str  # earned, changed, taken_back
    amount: int  # XP; negative in corrections, 0 of freezes
    why: str  # a sentence
    href: str | None  # page of what earned it; None: it is gone, or not open to the person any more


class RuleSum(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    name: str
    lines: int
    amount: int


class XpLines(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the caller's ledger, the latest line first."""

    total_xp: int
    sums: list[RuleSum]  # by rule, the highest first
    lines: list[LineView]
    page: int
    pages: int
    count: int
