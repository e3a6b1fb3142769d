"""Days off of iCalendar files: as calendars export them, and as nobody should write them."""

from datetime import date
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid, Problem, TooLarge
from server.gamification.changes.ics import days as ics
from server.gamification.changes.ics import recurrence
from server.gamification.changes.ics.days import DaysRead, Window
from server.gamification.changes.ics.recurrence import Budget
from server.gamification.changes.rules import MOST_DAYS_OFF

WINDOW = Window.around("2026-11-27", "Europe/Berlin")


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", ""])


def read(*events: str, window: Window = WINDOW) -> DaysRead:
    text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "".join(events) + "END:VCALENDAR\r\n"
    return ics.read(text.encode(), window)


def labels(*events: str, window: Window = WINDOW) -> list[str]:
    found = read(*events, window=window)
    assert found.problems == ()
    return [one.day for one in found.days]


def test_all_day_event_with_folded_name() -> None:
    found = read(event("DTSTART;VALUE=DATE:20261225", "SUMMARY:Christ\r\n mas\\, first\r\n\t day"))
    assert [(one.day, one.name) for one in found.days] == [("2026-12-25", "Christmas, first day")]


def test_end_of_days_is_exclusive() -> None:
    assert labels(event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227")) == [
        "2026-12-24",
        "2026-12-25",
        "2026-12-26",
    ]
    assert labels(event("DTSTART;VALUE=DATE:20261224", "DURATION:P1W"))[-1] == "2026-12-30"


def test_moments_become_days_of_the_institution() -> None:
    late = event("DTSTART:20261231T233000Z", "DTEND:20270101T003000Z")
    assert labels(late) == ["2027-01-01"]
    assert labels(late, window=Window.around("2026-11-27", "Pacific/Auckland")) == ["2027-01-01"]
    assert labels(late, window=Window.around("2026-11-27", "America/New_York")) == ["2026-12-31"]
    tokyo = event("DTSTART;TZID=Asia/Tokyo:20270101T010000", "DTEND;TZID=Asia/Tokyo:20270101T020000")
    assert labels(tokyo) == ["2026-12-31"]
    unknown = event('DTSTART;TZID="Office: 3":20270101T010000', "DURATION:PT2H")
    assert labels(unknown) == ["2027-01-01"]
    until_midnight = event("DTSTART:20270104T080000", "DTEND:20270106T000000")
    assert labels(until_midnight) == ["2027-01-04", "2027-01-05"]


def test_holidays_of_every_year() -> None:
    found = labels(event("DTSTART;VALUE=DATE:19900101", "RRULE:FREQ=YEARLY"))
    assert found == [f"{year}-01-01" for year in range(2021, 2037)]
    memorial = event("DTSTART;VALUE=DATE:20250526", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=3")
    assert labels(memorial) == ["2025-05-26", "2026-05-25", "2027-05-31"]
    thanks = event("DTSTART;VALUE=DATE:20261126", "RRULE:FREQ=YEARLY;BYDAY=4TH;BYMONTH=11;UNTIL=20281231")
    assert labels(thanks) == ["2026-11-26", "2027-11-25", "2028-11-23"]
    leap = event("DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY")
    assert labels(leap) == ["2024-02-29", "2028-02-29", "2032-02-29", "2036-02-29"]


def test_other_recurrences_and_exceptions() -> None:
    fridays = event(
        "DTSTART;VALUE=DATE:20261204", "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4", "EXDATE;VALUE=DATE:20261218"
    )
    assert labels(fridays) == ["2026-12-04", "2027-01-01", "2027-01-15"]
    last = event("DTSTART;VALUE=DATE:20261130", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3")
    assert labels(last) == ["2026-11-30", "2026-12-31", "2027-01-31"]
    more = event("DTSTART;VALUE=DATE:20261224", "RDATE;VALUE=DATE:20270501,20270601")
    assert labels(more) == ["2026-12-24", "2027-05-01", "2027-06-01"]


def test_event_across_the_beginning_of_the_window() -> None:
    found = labels(event("DTSTART;VALUE=DATE:20201224", "DTEND;VALUE=DATE:20210107"))
    assert found == [f"2021-01-0{day}" for day in range(1, 7)]


def test_cancelled_events_and_alarms_count_nothing() -> None:
    alarm = "BEGIN:VALARM\r\nDTSTART:20200101T000000\r\nEND:VALARM"
    assert labels(event("STATUS:CANCELLED", "DTSTART;VALUE=DATE:20261225")) == []
    assert labels(event(alarm, "DTSTART;VALUE=DATE:20261225")) == ["2026-12-25"]


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        (("SUMMARY:No start",), 3),
        (("DTSTART;VALUE=DATE:20261340",), 5),
        (("DTSTART:tomorrow",), 5),
        (("DTSTART:20261225", "DTEND:20261224"), 6),
        (("DTSTART:20261225", "DTEND:20281225"), 5),
        (("DTSTART:20261225", "DURATION:P"), 6),
        (("DTSTART:20261225", "DURATION:P99999D"), 6),
        (("DTSTART:20261225", "RRULE:FREQ=SECONDLY"), 6),
        (("DTSTART:20261225", "RRULE:FREQ=YEARLY;INTERVAL=0"), 6),
        (("DTSTART:20261225", "RRULE:FREQ=YEARLY;BYYEARDAY=1"), 6),
        (("DTSTART:20261225", "RRULE:FREQ=YEARLY;UNTIL=later"), 6),
    ],
)
def test_what_is_not_understood_is_told_by_its_line(lines: tuple[str, ...], at: int) -> None:
    found = read(event(*lines), event("DTSTART;VALUE=DATE:20261226"))
    assert [one.line for one in found.problems] == [at]
    assert [one.day for one in found.days] == ["2026-12-26"]


@pytest.mark.parametrize(
    "data", [b"", b"a,b\r\n1,2\r\n", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR"]
)
def test_file_of_no_use_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        ics.read(data, WINDOW)


def test_limits() -> None:
    day = event("DTSTART:20261225")
    with pytest.raises(TooLarge):
        ics.read(b"BEGIN:VCALENDAR" + b" " * ics.FILE_BYTES, WINDOW)
    assert read(*[day] * ics.MOST_EVENTS).events == ics.MOST_EVENTS
    with pytest.raises(TooLarge):
        read(*[day] * (ics.MOST_EVENTS + 1))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;COUNT=999999",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=YEARLY;INTERVAL=1;COUNT=10000;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;UNTIL=99991231",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU",
        "FREQ=DAILY;INTERVAL=10000",
    ],
)
def test_recurrences_of_ten_thousand_years_end(rule: str) -> None:
    hostile = event("DTSTART;VALUE=DATE:19000101", "DURATION:P366D", f"RRULE:{rule}")
    try:
        found = read(*[hostile] * 4000)
    except TooLarge:
        return
    assert len(found.days) <= MOST_DAYS_OFF


@given(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            [
                "BEGIN:VEVENT",
                "END:VEVENT",
                "DTSTART:20261225",
                "DTSTART:20261225T1200",
                "DTEND:",
                "RRULE:FREQ=YEARLY;COUNT=-",
                " folded",
                "\tx",
                "RRULE:;;=;",
                'DTSTART;TZID="',
                "EXDATE:x,y",
                "BEGIN:VALARM",
                "DURATION:PT",
                ":",
                ";=:",
            ]
        ),
        max_size=30,
    ),
)
def test_no_file_breaks_the_reader(rest: bytes, lines: list[str]) -> None:
    data = "\r\n".join(["BEGIN:VCALENDAR", *lines]).encode() + rest
    try:
        found = ics.read(data, WINDOW)
    except Problem:
        return
    assert all("2021" <= one.day < "2037" for one in found.days)


@given(
    st.dates(date(1990, 1, 1), date(2026, 1, 1)),
    st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]),
    st.integers(1, 5),
)
def test_window_shows_what_counting_from_the_first_day_does(
    first: date, frequency: str, interval: int
) -> None:
    rule = recurrence.parse(f"FREQ={frequency};INTERVAL={interval}")
    counted = recurrence.parse(f"FREQ={frequency};INTERVAL={interval};COUNT=1000000")
    window = (date(2021, 1, 1), date(2028, 12, 31))
    found = list(recurrence.days(rule, first, window, Budget(10**6)))
    assert found == list(islice(recurrence.days(counted, first, window, Budget(10**6)), 10**5))
