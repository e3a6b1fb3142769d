from datetime import UTC, datetime, timedelta

from server.watching.heartbeats.recording import Noted

AT = datetime(2026, 11, 27, 12, 14, tzinfo=UTC)


def test_person_is_noted_once_in_a_quarter_of_an_hour() -> None:
    noted = Noted()
    assert noted.missing({"ada"}, AT) == {"ada"}
    assert noted.missing({"ada"}, AT) == {"ada"}  # as long as nothing was committed
    noted.add({"ada"})
    assert noted.missing({"ada", "bob"}, AT) == {"bob"}


def test_next_quarter_may_be_another_day() -> None:
    noted = Noted()
    noted.missing({"ada"}, AT)
    noted.add({"ada"})
    assert noted.missing({"ada"}, AT + timedelta(minutes=1)) == {"ada"}
