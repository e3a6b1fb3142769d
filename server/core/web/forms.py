"""What somebody typed into a form, and what is wrong with it."""

from collections.abc import Mapping
from typing import Any, Self

import msgspec
from litestar import Request

from server.core.errors import Problem


class Form(msgspec.Struct, frozen=True):
    """Goes into the template, which shows `values` again and each of `errors` beside its field."""

    values: Mapping[str, str] = {}
    errors: Mapping[str, str] = {}  # field -> sentence, in English; the template translates
    problem: str = ""  # what concerns no single field
    status: int = 200

    @classmethod
    async def read(cls, request: Request[Any, Any, Any]) -> Self:
        """Text fields only; the last of equal names wins, surrounding blanks go except in passwords."""
        data = await request.form()
        return cls(
            {
                name: value if "password" in name else value.strip()
                for name, value in data.items()
                if isinstance(value, str)
            }
        )

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def checked(self, name: str) -> bool:
        return name in self.values

    def refused(self, problem: Problem) -> Self:
        """The same form, to be shown once more."""
        missing = {name: text for name, text in problem.fields.items() if name}
        whole = "" if problem.detail in missing.values() else problem.detail
        status = problem.status if problem.status != 400 else 422
        return type(self)(self.values, missing, whole, status)
