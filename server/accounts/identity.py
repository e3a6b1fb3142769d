"""Who is asking. Handlers take `viewer: Viewer` (401 or the sign-in page otherwise) or `maybe_viewer`."""

import msgspec


class Viewer(msgspec.Struct, frozen=True):
    id: str
    email: str
    name: str
    role: str  # learner, instructor, administrator

    @property
    def is_administrator(self) -> bool:
        return self.role == "administrator"

    @property
    def can_teach(self) -> bool:
        return self.role in ("instructor", "administrator")
