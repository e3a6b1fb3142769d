"""Mail channel: one SMTP connection for some mails in a row."""

import platform
import smtplib
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

from server.addresses import Encryption, MailServer, is_one_address
from server.outbox.channels import Outgoing, Refused, Unavailable, reply
from storage.messages import N_, Message, message

ANSWER_SECONDS = 15.0  # that the server gets for each answer
MAILS_PER_CONNECTION = 50  # many servers close it after 100
PERMANENT = range(500, 600)
GOES_AWAY = 421


class MailChannel:
    def __init__(self, server: MailServer, sender: Address) -> None:
        self._server, self._sender = server, sender
        self._connection: smtplib.SMTP | None = None
        self._sent = 0  # on this connection

    def send(self, message: Outgoing) -> None:
        mail = compose(message, self._sender)
        connection = self._open()
        try:
            _hand_over(connection, mail, self._sender.addr_spec, message.recipient)
        except Unavailable:
            self.close()
            raise
        self._sent += 1

    def close(self) -> None:
        if self._connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._connection.quit()
            self._connection.close()
        self._connection, self._sent = None, 0

    def _open(self) -> smtplib.SMTP:
        if self._sent >= MAILS_PER_CONNECTION:
            self.close()
        if self._connection is None:
            try:
                self._connection = connect(self._server)
            except (OSError, smtplib.SMTPException) as failure:
                raise _unavailable(failure) from failure
        return self._connection


def connect(server: MailServer) -> smtplib.SMTP:
    """Signed-in connection. Raises OSError and smtplib.SMTPException."""
    own_name = platform.node() or "localhost"  # looking up a full one takes long without name servers
    if server.encryption is Encryption.TLS:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host,
            server.port,
            own_name,
            timeout=ANSWER_SECONDS,
            context=ssl.create_default_context(),
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, own_name, timeout=ANSWER_SECONDS)
    try:
        if server.encryption is Encryption.STARTTLS:
            connection.starttls(context=ssl.create_default_context())
        if server.name:
            connection.login(server.name, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def compose(message: Outgoing, sender: Address) -> EmailMessage:
    """Mail of a row, the same at each attempt. Raises Refused for an address that no mail can have."""
    local, _, domain = message.recipient.rpartition("@")
    try:
        if not is_one_address(message.recipient):
            raise ValueError(message.recipient)
        mail = EmailMessage(policy=SMTP if local.isascii() else SMTPUTF8)
        mail["From"] = sender
        mail["To"] = Address(username=local, domain=_ascii(domain))
        mail["Subject"] = message.subject
        mail["Date"] = message.created_at
        mail["Message-ID"] = f"<{message.id}@{_ascii(sender.domain)}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        mail.set_content(message.body, cte="quoted-printable")
    except (ValueError, IndexError) as wrong:
        raise Refused(_refusal(reply(wrong)), for_good=True) from wrong
    return mail


def _ascii(domain: str) -> str:
    """Domain as mail servers know it: xn--mller-kva.example. Raises ValueError."""
    return domain if domain.isascii() else domain.encode("idna").decode()


def _hand_over(connection: smtplib.SMTP, mail: EmailMessage, sender: str, recipient: str) -> None:
    local, _, domain = recipient.rpartition("@")
    try:
        connection.send_message(mail, sender, [f"{local}@{_ascii(domain)}"])
    except smtplib.SMTPRecipientsRefused as refused:
        code, answer = next(iter(refused.recipients.values()))
        raise _refused(code, answer) from refused
    except smtplib.SMTPDataError as refused:
        raise _refused(refused.smtp_code, refused.smtp_error) from refused
    except smtplib.SMTPNotSupportedError as refused:  # letters beyond ASCII in the address
        raise Refused(_refusal(reply(refused)), for_good=True) from refused
    except (OSError, smtplib.SMTPException) as failure:
        raise _unavailable(failure) from failure


def _refused(code: int, answer: bytes | str) -> Refused | Unavailable:
    if code == GOES_AWAY:
        return Unavailable(N_("The mail server does not accept mails: %(reply)s"), reply=reply(answer))
    return Refused(_refusal(f"{code} {reply(answer)}"), for_good=code in PERMANENT)


def _refusal(answer: str) -> Message:
    return message(N_("The mail server refused it: %(reply)s"), reply=answer)


def _unavailable(failure: OSError | smtplib.SMTPException) -> Unavailable:
    if isinstance(failure, smtplib.SMTPResponseException):
        answer = f"{failure.smtp_code} {reply(failure.smtp_error)}"
    elif isinstance(failure, smtplib.SMTPNotSupportedError):  # of encryption, of signing in
        answer = reply(failure)
    else:
        return Unavailable(N_("The mail server cannot be reached: %(reply)s"), reply=reply(failure))
    return Unavailable(N_("The mail server does not accept mails: %(reply)s"), reply=answer)
