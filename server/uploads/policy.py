"""Signed upload policy of the folder store, its counterpart of an S3 POST policy. Pure."""

import base64
import binascii
from datetime import datetime

import msgspec

from server.core import security
from server.core.errors import Forbidden
from storage.messages import N_


class Policy(msgspec.Struct, frozen=True):
    key: str
    max_bytes: int
    expiration: datetime
    content_type: str | None = None


def sign(policy: Policy, key: bytes) -> dict[str, str]:
    """Hidden fields of the form."""
    document = base64.b64encode(msgspec.json.encode(policy))
    fields = {
        "key": policy.key,
        "policy": document.decode(),
        "signature": security.sign(key, document),
    }
    return fields | ({"Content-Type": policy.content_type} if policy.content_type else {})


def verify(fields: dict[str, str], keys: tuple[bytes, ...], now: datetime) -> Policy:
    """Policy in the fields. Raises Forbidden, with no more detail than S3 gives."""
    document = fields.get("policy", "").encode()
    if not security.verify(keys, document, fields.get("signature", "")):
        raise Forbidden(
            N_("The form's signature does not match. Ask for a new form and send its fields unchanged.")
        )
    try:
        policy = msgspec.json.decode(base64.b64decode(document, validate=True), type=Policy)
    except (binascii.Error, msgspec.DecodeError):
        raise Forbidden(N_("The form's policy cannot be read. Ask for a new form.")) from None
    if now >= policy.expiration:
        raise Forbidden(N_("The form has expired. Ask for a new one."))
    if fields.get("key") != policy.key:
        raise Forbidden(N_("The form is for another key. Send its fields unchanged."))
    if policy.content_type and fields.get("Content-Type") != policy.content_type:
        raise Forbidden(N_("The form is for another content type. Send its fields unchanged."))
    return policy
