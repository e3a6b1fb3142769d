"""Channels that messages go out by. Blocking: `sending` calls them in a thread."""

from datetime import datetime
from typing import Protocol

import msgspec

from storage.messages import N_, Message, MessageError

REPLY_LENGTH = 300  # characters of a server's answer that are kept


class Outgoing(msgspec.Struct, frozen=True):
    """A message as its channel gets it."""

    id: str
    recipient: str
    subject: str
    body: str
    created_at: datetime


class Refused(MessageError):
    """This message was not accepted; others may be."""

    def __init__(self, told: Message, *, for_good: bool) -> None:
        super().__init__(told)
        self.for_good = for_good


class Unavailable(MessageError):
    """Nothing can be sent at present: no answer, or the settings are not accepted."""


class Channel(Protocol):
    def send(self, message: Outgoing) -> None:
        """Returns once it was accepted. Raises Refused and Unavailable."""
        ...

    def close(self) -> None: ...


class NotSet:
    """Channel without a setting, on the machine whose scheduler sends."""

    def __init__(self, setting: str) -> None:
        self._setting = setting

    def send(self, _message: Outgoing) -> None:
        raise Unavailable(N_("%(setting)s is not set for the scheduler."), setting=self._setting)

    def close(self) -> None:
        pass


def reply(answer: bytes | str | Exception) -> str:
    """A server's answer in one line that can be shown."""
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))[:REPLY_LENGTH]
