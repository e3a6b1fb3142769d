"""The institution, as in the OpenAPI document."""

import msgspec
from msgspec import UNSET, UnsetType


class InstitutionPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Partial update: only the given fields change."""

    name: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET  # IANA name; days that are over keep their labels
    day_start_hour: int | UnsetType = UNSET  # 0-23
    language: str | UnsetType = UNSET
    accent: str | UnsetType = UNSET  # as in #0d6078; empty: the product's own
    accent_dark: str | UnsetType = UNSET  # in the dark scheme; empty: a lighter accent
    version: int | UnsetType = UNSET  # the one this change started from; 409 if another was saved since


class InstitutionDetails(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    time_zone: str
    day_start_hour: int
    language: str
    accent: str
    accent_dark: str
    logo_url: str | None
    version: int
