"""A year of the demo: plausible, inside its days, by the product's rules, and the same in every run."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import mean
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from server.analytics.payments import entering
from server.analytics.payments.schemas import Place
from server.demo.catalogue.lessons import courses
from server.demo.people.members import Member, members, teaching
from server.demo.writing import rows
from server.demo.year.deeds import Deed, Reached, Tried, Watched
from server.demo.year.journey import journey
from server.demo.year.paying import payments
from server.demo.year.talk import questions, replies
from server.demo.year.terms import DAYS, TERMS, Calendar
from server.learning import rules as learning
from server.learning.quizzes import rules as quizzes
from server.watching import spans
from storage.states import FactKind, PaymentKind, Role

END = datetime(2026, 11, 27, 15, tzinfo=UTC)
CALENDAR = Calendar(END, "Europe/Berlin")
LENGTHS = dict.fromkeys(rows.lectures(), 620)
PEOPLE = 150


@cache
def year() -> list[tuple[Member, list[Deed]]]:
    learners = [one for one in members(PEOPLE, CALENDAR) if one.role == Role.LEARNER]
    return [(one, journey(one, LENGTHS, CALENDAR)) for one in learners]


def deeds() -> list[Deed]:
    return [deed for _, own in year() for deed in own]


def test_the_same_run_gives_the_same_year() -> None:
    member, known = year()[7]
    assert journey(member, LENGTHS, CALENDAR) == known


def test_everything_lies_inside_the_year_and_after_its_person_came() -> None:
    for member, own in year():
        for deed in own:
            assert CALENDAR.begin <= deed.at < END
            assert deed.at >= member.joined
            assert deed.user_id == member.id


def test_facts_come_in_the_order_of_the_product() -> None:
    """Enrolled before started, started before completed, half before all; each once."""
    for _, own in year():
        seen: set[tuple[FactKind, int, int]] = set()
        for deed in own:
            if not isinstance(deed, Reached):
                continue
            key = (deed.kind, deed.course, deed.lesson)
            assert key not in seen
            enrolled = (FactKind.ENROLLED, deed.course, 0)
            assert deed.kind == FactKind.ENROLLED or enrolled in seen
            if deed.kind == FactKind.COURSE_COMPLETED:
                assert (FactKind.COURSE_HALFWAY, deed.course, 0) in seen
            seen.add(key)


def test_lectures_are_completed_by_watching_ninety_percent() -> None:
    for _, own in year():
        covered: dict[tuple[int, int], spans.Spans] = {}
        for deed in own:
            key = (deed.course, deed.lesson)
            if isinstance(deed, Watched):
                covered[key] = spans.union(covered.get(key, ()), deed.seen)
                assert spans.clip(deed.seen, 620) == deed.seen
            elif isinstance(deed, Reached) and deed.kind == FactKind.LESSON_COMPLETED and key in covered:
                assert spans.length(covered[key]) >= learning.needed(620, 90)


def test_attempts_are_graded_by_the_rules_of_quizzes() -> None:
    tried = [deed for deed in deeds() if isinstance(deed, Tried)]
    assert {deed.mark.passed for deed in tried} == {True, False}
    for deed in tried:
        content = courses()[deed.course].lessons[deed.lesson].quiz
        assert content is not None
        assert deed.mark == quizzes.mark(content.questions, deed.given, content.settings.pass_mark)


def test_half_of_the_year_is_in_evenings_and_some_of_it_at_weekends() -> None:
    local = [deed.at.astimezone(ZoneInfo(CALENDAR.zone)) for deed in deeds() if isinstance(deed, Watched)]
    evening = sum(at.hour >= 17 for at in local) / len(local)
    weekend = sum(at.weekday() >= 5 for at in local) / len(local)
    night = sum(1 <= at.hour < 7 for at in local) / len(local)
    assert 0.45 < evening < 0.8
    assert 0.08 < weekend < 0.25
    assert night < 0.01


def test_breaks_are_quiet_and_the_last_days_are_not() -> None:
    days = Counter(deed.at.date() for deed in deeds())
    in_break = [
        days[CALENDAR.last_day(term) + timedelta(days=number)]
        for term in range(TERMS - 1)
        for number in range(1, 40)
    ]
    in_term = [days[CALENDAR.first_day(TERMS - 1) + timedelta(days=number)] for number in range(14, 56)]
    assert 0 < mean(in_break) < 0.3 * mean(in_term)
    assert all(days[CALENDAR.today - timedelta(days=number)] for number in range(1, 8))


def test_fewer_get_further() -> None:
    kinds = Counter(deed.kind for deed in deeds() if isinstance(deed, Reached))
    enrolled, halfway = kinds[FactKind.ENROLLED], kinds[FactKind.COURSE_HALFWAY]
    assert 0.15 < kinds[FactKind.COURSE_COMPLETED] / enrolled < 0.65
    assert kinds[FactKind.COURSE_COMPLETED] < halfway < enrolled
    assert kinds[FactKind.LEFT]


def test_first_learner_has_learned_on_each_of_the_last_days() -> None:
    member, own = year()[0]
    assert member.number == 0
    days = {deed.at.astimezone(ZoneInfo(CALENDAR.zone)).date() for deed in own if rows.is_active(deed)}
    assert all(CALENDAR.today - timedelta(days=number) in days for number in range(1, 14))


def test_replies_follow_what_was_asked_by_people_who_were_there() -> None:
    found = replies(deeds(), teaching(members(PEOPLE, CALENDAR)), END)
    asked = {rows.post_id(one): one for one in questions(deeds())}
    assert len({(one.course, one.lesson, one.text) for one in asked.values()}) == len(asked)
    assert found.keys() == asked.keys()
    enrolled = {(deed.user_id, deed.course) for deed in deeds()}
    answered = [(asked[thread], reply) for thread, own in found.items() for reply in own]
    assert {reply.staff for _, reply in answered} == {True, False}
    for question, reply in answered:
        assert question.at < reply.at < END
        assert reply.user_id != question.user_id
        assert reply.staff or (reply.user_id, reply.course) in enrolled


def test_payments_are_accepted_by_the_product() -> None:
    place = Place(CALENDAR.zone)
    paid = [one for member, own in year() for one in payments(member, own, END)]
    assert {one.kind for one in paid} >= {PaymentKind.ONE_OFF, PaymentKind.RECURRING, PaymentKind.REFUND}
    assert len({one.external_id for one in paid}) == len(paid)
    for one in paid:
        entering.checked(one, place, END)


@given(
    st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2031, 12, 31)),
    st.sampled_from(("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati")),
)
def test_the_last_day_is_in_the_middle_of_a_term(now: datetime, zone: str) -> None:
    calendar = Calendar(now.replace(tzinfo=UTC), zone)
    assert calendar.begin <= calendar.end
    assert (calendar.today - calendar.begin.astimezone(ZoneInfo(zone)).date()).days == DAYS
    for term in range(TERMS):
        assert calendar.first_day(term) < calendar.last_day(term)
    assert calendar.first_day(TERMS - 1) < calendar.today < calendar.last_day(TERMS - 1)
    assert calendar.last_day(0) < calendar.first_day(1)
