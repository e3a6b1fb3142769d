"""Mails as they are composed: headers that cannot be forged, the same Message-ID at each attempt."""

import pytest

from server.addresses import sender
from server.outbox.channels import Outgoing, Refused
from server.outbox.smtp import compose
from tests.world.clock import START

FROM = sender("Mediathek <media@example.edu>")


def message(recipient: str = "ada@example.edu", subject: str = "Grüße") -> Outgoing:
    return Outgoing("0190", recipient, subject, "Schöne Grüße\nhttps://media.example.edu/" + "x" * 200, START)


def test_each_attempt_is_the_same_mail() -> None:
    mail = compose(message(), FROM)
    assert mail["Message-ID"] == "<0190@example.edu>"
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "Mediathek <media@example.edu>",
        "ada@example.edu",
        "Grüße",
    )
    assert mail.as_bytes() == compose(message(), FROM).as_bytes()
    assert mail.as_bytes().isascii()
    assert max(map(len, mail.as_bytes().splitlines())) <= 998  # RFC 5322 2.1.1
    assert "/" + "x" * 200 in mail.get_content()


@pytest.mark.parametrize(
    "forged",
    [
        message(subject="Hello\r\nBcc: eve@example.edu"),
        message(recipient="ada@example.edu\r\nBcc: eve@example.edu"),
        message(recipient="ada@example.edu, eve@example.edu"),
    ],
)
def test_header_is_not_forged(forged: Outgoing) -> None:
    with pytest.raises(Refused) as refused:
        compose(forged, FROM)
    assert refused.value.for_good


def test_international_domain_is_written_in_ascii() -> None:
    assert compose(message("ada@müller.example"), FROM)["To"] == "ada@xn--mller-kva.example"
