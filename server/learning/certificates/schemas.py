"""Certificates as pages and the API show them."""

from datetime import datetime

import msgspec


class CertificateView(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of a certificate, which everybody who has its code may see, and nothing else."""

    code: str
    path: str  # of this site, where anybody can verify it
    name: str  # of the learner, at that time, as the following
    institution: str
    course: str
    version: int  # of the course
    text: str
    hours: float | None
    day: str  # YYYY-MM-DD, local day of the completion
    lessons: int  # required then, every one completed
    revoked_at: datetime | None


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """Certificate with what only its learner and those who teach the course see."""

    certificate: CertificateView
    course_id: str
    revocation_reason: str | None


class Giving(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a course gives certificates, and what they say."""

    given: bool = False
    text: str = ""
    hours: float | None = None
    outstanding: int = 0  # learners who had completed the course before, and have none yet


class GivingChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    given: bool
    text: str = ""
    hours: float | None = None


class Revocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: str
