"""Webhook channel: a signed JSON POST to the address of the settings.

`X-SkillStudio-Signature: sha256=…` is the HMAC of the body, `X-SkillStudio-Delivery` the message's id: the
same at each attempt, so that a receiver can leave out what it has already.
"""

import http.client
import ssl
from collections.abc import Mapping

from server import addresses
from server.core.security import sign
from server.outbox.channels import Outgoing, Refused, Unavailable, reply
from storage.messages import N_, message

ANSWER_SECONDS = 15.0
ANSWER_BYTES = 1000
PASSING = (408, 425, 429)  # of the 4xx statuses, those that another attempt may not meet


class WebhookChannel:
    def __init__(self, url: str, secret: str) -> None:
        self._address = addresses.webhook(url)
        self._secret = secret

    def send(self, message: Outgoing) -> None:
        body = message.body.encode()
        headers = {"Content-Type": "application/json", "X-SkillStudio-Delivery": message.id}
        if self._secret:
            headers["X-SkillStudio-Signature"] = f"sha256={sign(self._secret.encode(), body)}"
        try:
            status, answer = self._post(body, headers)
        except (OSError, http.client.HTTPException, ValueError) as failure:
            raise Unavailable(
                N_("The webhook cannot be reached: %(reply)s"), reply=reply(failure) or type(failure).__name__
            ) from failure
        if status not in range(200, 300):
            _refuse(status, answer)

    def close(self) -> None:
        pass

    def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and beginning of the answer. Redirects are not followed: a POST would become a GET."""
        url = self._address
        host = url.hostname or ""
        connection = (
            http.client.HTTPSConnection(
                host, url.port, timeout=ANSWER_SECONDS, context=ssl.create_default_context()
            )
            if url.scheme == "https"
            else http.client.HTTPConnection(host, url.port, timeout=ANSWER_SECONDS)
        )
        try:
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request("POST", target, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read(ANSWER_BYTES)
        finally:
            connection.close()


def _refuse(status: int, answer: bytes) -> None:
    told = message(N_("The webhook answered %(status)s: %(reply)s"), status=status, reply=reply(answer))
    if status in range(400, 500) and status not in PASSING:
        raise Refused(told, for_good=status == http.client.GONE)
    raise Unavailable(told)
