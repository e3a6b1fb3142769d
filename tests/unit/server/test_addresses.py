"""Addresses of mail servers, senders and webhooks."""

import pytest

from server import addresses
from server.addresses import Encryption, MailServer
from server.core.text.i18n import languages
from server.settings import Settings, SettingsError, load


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtp://mail", MailServer("mail", 25, Encryption.NONE)),
        ("smtp://mail?starttls", MailServer("mail", 587, Encryption.STARTTLS)),
        ("smtps://me%40x:p%2Fw@mail", MailServer("mail", 465, Encryption.TLS, "me@x", "p/w")),
        ("smtp://me:pw@[::1]:2525", MailServer("::1", 2525, Encryption.NONE, "me", "pw")),
    ],
)
def test_mail_servers(text: str, server: MailServer) -> None:
    assert addresses.mail_server(text) == server


def test_sender_has_a_name() -> None:
    sender = addresses.sender("Media of the school <media@example.edu>")
    assert (sender.display_name, sender.addr_spec) == ("Media of the school", "media@example.edu")


@pytest.mark.parametrize("text", ["", "@", "a@", "@b", "a b@c", "<a@b", "a@b, c@d", "a@b\r\nBcc: c@d"])
def test_no_sender(text: str) -> None:
    with pytest.raises(ValueError, match="should be an email address"):
        addresses.sender(text)


def test_a_mail_server_needs_a_sender() -> None:
    with pytest.raises(SettingsError, match="SKILLSTUDIO_MAIL_FROM should be an email address"):
        load({"SKILLSTUDIO_SMTP_URL": "smtp://mail"})


def test_refused_address_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        load({"SKILLSTUDIO_SMTP_URL": "smtp://me:s3cret@mail.example.edu", "SKILLSTUDIO_MAIL_FROM": "a@b"})
    assert "s3cret" not in str(refused.value)


def test_languages_of_mails_are_those_of_the_catalogues() -> None:
    allowed = Settings.__dataclass_fields__["language"].metadata["one_of"]
    assert [name for name in allowed if name] == list(languages())
