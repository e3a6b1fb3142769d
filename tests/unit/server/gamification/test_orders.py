"""A thousand random orders in which 64 clients post completions, quizzes and retries.

The lines are those that the ledger would write; tests/integration/gamification has the same on databases.
"""

from datetime import timedelta
from random import Random

from server.gamification.xp import engine, ledger
from server.gamification.xp.engine import Due, Fact, History, Outcome
from server.gamification.xp.ledger import Paid
from storage.database.tables import XpTransaction
from storage.states import FactKind
from tests.unit.server.gamification.test_engine import BOOK, START

ORDERS = 1_000
CLIENTS = 64
KINDS = [kind for kind in sorted(engine.KINDS) if kind != FactKind.ACHIEVEMENT_UNLOCKED]


class Account:
    """Facts and ledger of one learner, each fact handled in a transaction of its own."""

    def __init__(self) -> None:
        self.facts: dict[tuple[FactKind, str], Fact] = {}
        self.paid: dict[tuple[str, str], Paid] = {}
        self.lines: set[tuple[str, str]] = set()
        self.total = 0

    def post(self, fact: Fact) -> None:
        if (fact.kind, fact.subject) not in self.facts:
            self.facts[fact.kind, fact.subject] = fact
            self.settle()

    def settle(self) -> Outcome:
        known = History(facts=list(self.facts.values()))
        outcome, moment = engine.settle(known, BOOK), engine.latest(known, BOOK)
        for line in ledger.changes(outcome.dues, self.paid):
            self._write(XpTransaction(**line))
        for name in outcome.unlocked:
            kind = FactKind.ACHIEVEMENT_UNLOCKED
            self.facts[kind, name] = Fact(kind, name, moment.at, moment.day)
        assert self.total == outcome.total
        return outcome

    def _write(self, row: XpTransaction) -> None:
        assert (row.rule, row.subject) not in self.lines, "paid twice"
        self.lines.add((row.rule, row.subject))
        one = ledger.add(self.paid, row.rule, row.subject, row.amount, row.reason)
        one.first = one.first or Due(amount=0, version=row.rule_version, at=row.at, day=row.local_day)
        self.total += row.amount


def posts_of(random: Random) -> list[Fact]:
    """One of each client; several clients post the same, and some try again."""
    found = []
    for _ in range(CLIENTS):
        at = START + timedelta(minutes=random.randrange(5000))
        fact = Fact(random.choice(KINDS), str(random.randrange(3)), at, at.date().isoformat())
        found += [fact] * random.choice((1, 1, 2))
    return found


def test_each_subject_is_paid_once_in_every_order() -> None:
    for seed in range(ORDERS):
        random, account = Random(seed), Account()
        posts = posts_of(random)
        random.shuffle(posts)
        for fact in posts:
            account.post(fact)
        outcome, before = account.settle(), len(account.lines)
        account.settle()
        assert len(account.lines) == before
        assert outcome.unlocked == ()
        assert {key: one.amount for key, one in account.paid.items() if one.amount} == {
            key: due.amount for key, due in outcome.dues.items() if due.amount
        }
