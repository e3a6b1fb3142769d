"""Identity of the caller: handlers take `viewer` (otherwise 401 or the sign-in page) or `maybe_viewer`."""

import msgspec

from storage.states import Role


class Viewer(msgspec.Struct, frozen=True):
    id: str
    email: str
    name: str
    role: Role

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    @property
    def can_teach(self) -> bool:
        return self.role in (Role.INSTRUCTOR, Role.ADMINISTRATOR)
