"""Mail with a link to choose a password, in one language for all whom an administrator invites."""

from datetime import datetime

import msgspec

from server.core.text.formats import day
from server.core.text.i18n import gettext as _
from server.core.text.i18n import in_language
from server.outbox.service import Mail


class Letterhead(msgspec.Struct, frozen=True):
    """What every mail of an installation has in common."""

    site: str  # public address
    institution: str
    zone: str  # IANA name, for the day on which a link ends
    language: str  # as in web/locale


def about(person_id: str) -> str:
    """What the mail is withdrawn by, when its link has ended before it went out."""
    return f"invitation/{person_id}"


def compose(head: Letterhead, person_id: str, name: str, email: str, path: str, ends: datetime) -> Mail:
    """`path` is that of the link, as in "/invite/…"."""
    with in_language(head.language):
        values = {
            "name": name,
            "email": email,
            "institution": head.institution,
            "link": head.site + path,
            "day": day(ends, head.zone),
        }
        subject = _("Choose your password for %(institution)s") % values
        paragraphs = (
            _("Hello %(name)s,"),
            _("you have an account at %(institution)s. Open this link to choose your password:"),
            "%(link)s",
            _("You sign in with it and with your email address, %(email)s."),
            _("The link works once, until %(day)s. Whoever has it can sign in as you: do not pass it on."),
        )
        return Mail(email, subject, "\n\n".join(paragraphs) % values + "\n", about(person_id))
