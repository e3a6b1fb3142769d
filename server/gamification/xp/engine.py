"""What a learner's facts are worth: the ledger's lines, achievements and streak. Pure, and free of order.

The ledger is written by comparing it with this (`ledger.settle`), live as in a replay and in a dry run of
other rules, so that the three cannot differ.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple

import msgspec

from server.core.clock import local_noon
from server.gamification.xp import rules, streaks
from server.gamification.xp.streaks import Break, Calendar, Streak
from storage.states import Criterion, FactKind, XpRule

SIMPLE = {
    FactKind.LESSON_COMPLETED: XpRule.LESSON_COMPLETED,
    FactKind.QUIZ_PASSED: XpRule.QUIZ_PASSED,
    FactKind.COURSE_COMPLETED: XpRule.COURSE_COMPLETED,
    FactKind.REVIEW_POSTED: XpRule.FIRST_REVIEW,
}
POSTED = (FactKind.POST_CREATED, FactKind.POST_DELETED)
KINDS = frozenset((*SIMPLE, FactKind.QUIZ_PERFECT, *POSTED, FactKind.ACHIEVEMENT_UNLOCKED))
"""Kinds of facts that are worth XP, or take some back."""


class Key(NamedTuple):
    """What a line of the ledger is for."""

    rule: XpRule
    subject: str


class Fact(msgspec.Struct, frozen=True, gc=False):
    kind: FactKind
    subject: str
    at: datetime
    day: str
    course_id: str | None = None
    lesson_id: str | None = None


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one learner's XP comes from."""

    facts: Sequence[Fact] = ()
    days: Mapping[str, datetime | None] = {}  # on which they learned, and the first moment of it
    unpaid: tuple[str, ...] = ()  # those of the days that the ledger does not know yet
    breaks: tuple[Break, ...] = ()


class Version(msgspec.Struct, frozen=True, gc=False):
    """Value of a rule from a moment on."""

    number: int
    amount: int
    valid_from: datetime | None = None  # None: from the beginning


NOTHING = Version(0, 0)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What an achievement counts. Whoever had reached it before `since` does not unlock it by them."""

    criterion: Criterion
    threshold: int
    since: datetime | None = None  # None: from the beginning


class Award(Terms, frozen=True, kw_only=True):
    """An achievement and its terms."""

    id: str
    retired: bool = False
    earlier: tuple[Terms, ...] = ()  # oldest first: for those whom later ones would leave without it

    @property
    def is_open_to_all(self) -> bool:
        """Whether everybody can unlock it, whatever they had reached when. Not of a retired one."""
        return any(terms.since is None for terms in (self, *self.earlier))


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """Rules, achievements and calendar of the institution."""

    versions: Mapping[tuple[XpRule, str], tuple[Version, ...]]  # by rule and subject, in the order of numbers
    # Without a subject: of all that name none.
    awards: tuple[Award, ...] = ()
    calendar: Calendar = Calendar()
    time_zone: str = "UTC"  # IANA name
    day_start_hour: int = 0  # 0-23

    def value(self, rule: XpRule, at: datetime, subject: str = "") -> Version:
        """The latest version that is valid at a moment."""
        for name in (subject, "") if subject else ("",):
            for one in self.versions.get((rule, name), ())[::-1]:
                if one.valid_from is None or one.valid_from <= at:
                    return one
        return NOTHING

    def noon(self, day: str) -> datetime:
        """Moment of a day of which none is known."""
        return local_noon(day, self.time_zone, self.day_start_hour)


class Due(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the ledger's lines for one key add up to."""

    amount: int
    version: int
    at: datetime
    day: str
    course_id: str | None = None
    lesson_id: str | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    dues: Mapping[Key, Due]
    streak: Streak
    counts: Mapping[Criterion, int]
    unlocked: tuple[str, ...]  # achievements that the facts do not hold yet, in the order they are reached
    terms: Mapping[str, Terms]  # of those that this learner can still unlock, or has just unlocked

    @property
    def total(self) -> int:
        return sum(due.amount for due in self.dues.values())


class Moment(NamedTuple):
    """When something counts as having happened."""

    at: datetime
    day: str


FALLING = (Criterion.POSTS, Criterion.LEVEL)  # that can have been higher before
LATER = datetime.max.replace(tzinfo=UTC)  # when every version of a rule that there is now is valid
NEVER = Moment(datetime.min.replace(tzinfo=UTC), "")


def latest(history: History, book: Book) -> Moment:
    """Latest moment and day that the history knows: what was learned later is not known yet."""
    moments = [fact.at for fact in history.facts]
    moments += [at or book.noon(day) for day, at in history.days.items()]
    days = [fact.day for fact in history.facts] + list(history.days)
    return Moment(max(moments, default=NEVER.at), max(days, default=NEVER.day))


def settle(history: History, book: Book, now: Moment | None = None) -> Outcome:
    """What is due, to the latest moment of the history or to a later one.

    Achievements that are new count as unlocked then, and each may unlock the next.
    """
    now = now or latest(history, book)
    streak = streaks.walk(history.days, book.calendar, history.breaks, now.day)
    facts = Facts.of(history)
    parts = (_simple(facts, book), _perfect(facts, book), _posts(facts, book), _achievements(facts, book))
    dues = dict(chain(*parts, _days(history, book, streak)))
    counts = _counts(facts, dues, streak)
    terms = _open_terms(history, book, counts)
    total, waiting, unlocked = sum(due.amount for due in dues.values()), dict(terms), list[str]()
    while found := [one for one, term in waiting.items() if counts[term.criterion] >= term.threshold]:
        for award_id in found:
            version = book.value(XpRule.ACHIEVEMENT_UNLOCKED, now.at, award_id)
            due = Due(amount=version.amount, version=version.number, at=now.at, day=now.day)
            dues[Key(XpRule.ACHIEVEMENT_UNLOCKED, award_id)] = due
            total += due.amount
            unlocked.append(award_id)
            del waiting[award_id]
        counts[Criterion.LEVEL] = rules.level(total)
    return Outcome(dues=dues, streak=streak, counts=counts, unlocked=tuple(unlocked), terms=terms)


def _open_terms(history: History, book: Book, counts: Mapping[Criterion, int]) -> dict[str, Terms]:
    """Terms of the achievements that the facts do not hold: the latest that were not reached too early."""
    held = {fact.subject for fact in history.facts if fact.kind == FactKind.ACHIEVEMENT_UNLOCKED}
    standings: dict[datetime, Mapping[Criterion, int]] = {}

    def is_open(term: Terms) -> bool:
        if term.since is None or (term.criterion not in FALLING and counts[term.criterion] < term.threshold):
            return True
        if term.since not in standings:
            standings[term.since] = _standing(history, book, term.since)
        return standings[term.since][term.criterion] < term.threshold

    found = dict[str, Terms]()
    for award in [one for one in book.awards if not one.retired and one.id not in held]:
        if award.since is None:
            found[award.id] = award
        elif term := next(filter(is_open, (award, *award.earlier[::-1])), None):
            found[award.id] = term
    return found


def _standing(history: History, book: Book, since: datetime) -> Mapping[Criterion, int]:
    """What a learner had reached before a moment."""
    facts = [fact for fact in history.facts if fact.at < since]
    days = {day: at for day, at in history.days.items() if (at or book.noon(day)) < since}
    past = History(facts=facts, days=days, breaks=history.breaks)
    return settle(past, msgspec.structs.replace(book, awards=())).counts


class Facts(NamedTuple):
    """A learner's facts by their kind."""

    by_kind: Mapping[FactKind, Sequence[Fact]]
    live_posts: Sequence[Fact]  # those that are not deleted

    @classmethod
    def of(cls, history: History) -> "Facts":
        kinds: dict[FactKind, list[Fact]] = defaultdict(list)
        for fact in history.facts:
            kinds[fact.kind].append(fact)
        deleted = {fact.subject for fact in kinds[FactKind.POST_DELETED]}
        return cls(kinds, [fact for fact in kinds[FactKind.POST_CREATED] if fact.subject not in deleted])


def _counts(facts: Facts, dues: Mapping[Key, Due], streak: Streak) -> dict[Criterion, int]:
    kinds = facts.by_kind
    return {
        Criterion.LESSONS: len(kinds[FactKind.LESSON_COMPLETED]),
        Criterion.COURSES: len(kinds[FactKind.COURSE_COMPLETED]),
        Criterion.QUIZZES: len(kinds[FactKind.QUIZ_PASSED]),
        Criterion.PERFECT_QUIZZES: len(kinds[FactKind.QUIZ_PERFECT]),
        Criterion.POSTS: len(facts.live_posts),
        Criterion.STREAK: streak.longest,
        Criterion.LEVEL: rules.level(sum([due.amount for due in dues.values()])),
    }


def _due(fact: Fact, version: Version, amount: int) -> Due:
    return Due(
        amount=amount,
        version=version.number,
        at=fact.at,
        day=fact.day,
        course_id=fact.course_id,
        lesson_id=fact.lesson_id,
    )


def _simple(facts: Facts, book: Book) -> Iterator[tuple[Key, Due]]:
    """A value for each fact of a kind."""
    for kind, rule in SIMPLE.items():
        for fact in facts.by_kind[kind]:
            version = book.value(rule, fact.at)
            yield Key(rule, fact.subject), _due(fact, version, version.amount)


def _perfect(facts: Facts, book: Book) -> Iterator[tuple[Key, Due]]:
    """A perfect quiz pays what its pass did not: both together the value of the perfect one."""
    perfect = facts.by_kind[FactKind.QUIZ_PERFECT]
    passed = {fact.subject: fact for fact in facts.by_kind[FactKind.QUIZ_PASSED]} if perfect else {}
    for fact in perfect:
        version = book.value(XpRule.QUIZ_PERFECT, fact.at)
        known = passed.get(fact.subject)
        paid = book.value(XpRule.QUIZ_PASSED, known.at).amount if known else 0
        yield Key(XpRule.QUIZ_PERFECT, fact.subject), _due(fact, version, max(0, version.amount - paid))


def _posts(facts: Facts, book: Book) -> Iterator[tuple[Key, Due]]:
    """The first posts of each day that are not deleted."""
    by_day: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts.live_posts:
        by_day[fact.day].append(fact)
    for posts in by_day.values():
        for fact in sorted(posts, key=lambda post: (post.at, post.subject))[: rules.POSTS_A_DAY]:
            version = book.value(XpRule.DISCUSSION_POST, fact.at)
            yield Key(XpRule.DISCUSSION_POST, fact.subject), _due(fact, version, version.amount)


def _achievements(facts: Facts, book: Book) -> Iterator[tuple[Key, Due]]:
    """Achievements that the learner has. They stay, whatever becomes of what they were for."""
    for fact in facts.by_kind[FactKind.ACHIEVEMENT_UNLOCKED]:
        version = book.value(XpRule.ACHIEVEMENT_UNLOCKED, fact.at, fact.subject)
        yield Key(XpRule.ACHIEVEMENT_UNLOCKED, fact.subject), _due(fact, version, version.amount)


def _days(history: History, book: Book, streak: Streak) -> Iterator[tuple[Key, Due]]:
    """Days that made the streak longer; freezes pay nothing and are told."""
    for day in streak.learned:
        at = history.days[day] or book.noon(day)
        version = book.value(XpRule.DAILY_STREAK, at)
        due = Due(amount=version.amount, version=version.number, at=at, day=day)
        yield Key(XpRule.DAILY_STREAK, day), due
    for rule, days in ((XpRule.FREEZE_EARNED, streak.earned), (XpRule.FREEZE_USED, streak.frozen)):
        for day in days:
            at = history.days.get(day) or book.noon(day)
            yield Key(rule, day), Due(amount=0, version=1, at=at, day=day)
